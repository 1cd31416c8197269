// Channels between two devices, as a page that was changed would hold on to them.

/**
 * Keeps every data channel that the page opens in `globalThis.channels`. Before the page is opened.
 *
 * @param {{ page: import('playwright-core').Page }} person
 */
export async function keepChannels({ page }) {
  await page.addInitScript(() => {
    const make = RTCPeerConnection.prototype.createDataChannel;
    RTCPeerConnection.prototype.createDataChannel = function (...args) {
      const channel = make.apply(this, args);
      const kept = /** @type {{ channels?: RTCDataChannel[] }} */ (globalThis);
      kept.channels = [...(kept.channels ?? []), channel];
      return channel;
    };
  });
}
