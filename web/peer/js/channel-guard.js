// What the WebRTC transport in the wasm leaves to the page: its data channels outlive their handlers, so a channel that
// closes late would throw in the page; and a dial that fails leaves its connection open.

/** @import { Dial } from './connector.js' */

const HANDLERS = ['onopen', 'onmessage', 'onclose', 'onerror', 'onbufferedamountlow'];

/**
 * Lets the transport's handlers on a channel be called only while they are there.
 *
 * @param {RTCDataChannel} channel
 */
function guardChannel(channel) {
  for (const name of HANDLERS) {
    /** @type {((event: Event) => void) | null} */
    let handler = null;
    channel.addEventListener(name.slice(2), (event) => {
      try {
        handler?.call(channel, event);
      } catch (error) {
        // Said by wasm-bindgen of a handler that was dropped: nobody is interested in this channel any more.
        if (!String(error).includes('after being dropped')) throw error;
        handler = null;
      }
    });
    Object.defineProperty(channel, name, {
      configurable: true,
      get: () => handler,
      set: (value) => {
        handler = value;
      },
    });
  }
}

/**
 * The next connection that is made comes guarded.
 *
 * @returns {{ close: () => void }} Closes that connection, or takes the guard away if none was made.
 */
function guardNext() {
  const Native = globalThis.RTCPeerConnection;
  /** @type {RTCPeerConnection | null} */
  let made = null;
  class Guarded extends Native {
    /** @param {RTCConfiguration} [configuration] */
    constructor(configuration) {
      super(configuration);
      restore();
      made = this;
      this.addEventListener('datachannel', ({ channel }) => guardChannel(channel));
    }

    /**
     * @override
     * @param {string} label
     * @param {RTCDataChannelInit} [init]
     */
    createDataChannel(label, init) {
      const channel = super.createDataChannel(label, init);
      guardChannel(channel);
      return channel;
    }
  }
  const restore = () => {
    if (globalThis.RTCPeerConnection === Guarded) globalThis.RTCPeerConnection = Native;
  };
  globalThis.RTCPeerConnection = Guarded;
  return {
    close() {
      restore();
      made?.close();
    },
  };
}

/**
 * Guards what a dial by WebRTC makes. Dials by other transports pass through.
 *
 * @param {Dial} dial
 * @returns {Dial}
 */
export function guarded(dial) {
  return async (address, ...rest) => {
    if (!address.includes('/webrtc-direct/') || !globalThis.RTCPeerConnection) {
      return dial(address, ...rest);
    }
    const guard = guardNext();
    try {
      return await dial(address, ...rest);
    } catch (error) {
      guard.close();
      throw error;
    }
  };
}
