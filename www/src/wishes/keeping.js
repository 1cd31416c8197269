// Taking a game or its link away: copied, shared, saved as a file.

import { saveFile } from '../device/download.js';

/** @import { Desk } from './desk.js' */

/** @param {Desk} desk */
export function keepingWishes({ game, say, complain }) {
  return {
    /**
     * @param {string} text
     * @param {string} what `Link`, `PGN`.
     */
    async copy(text, what) {
      try {
        if (navigator.clipboard) await navigator.clipboard.writeText(text);
        else copyByCommand(text);
        say(`${what} copied.`);
      } catch {
        say(`The browser did not allow copying. Select the text and copy it by hand.`);
      }
    },

    /** @param {string} text */
    async share(text) {
      try {
        await navigator.share({ title: 'A game of chess', url: text });
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'AbortError')) complain(error);
      }
    },

    /** The game as a file where the device shares files, and else as text. */
    async shareGame() {
      const shared = game();
      if (!shared) return;
      const text = shared.pgn();
      const file = new File([text], `rookery-${shared.id.slice(0, 8)}.pgn`, { type: 'text/plain' });
      const files = navigator.canShare?.({ files: [file] }) ? { files: [file] } : { text };
      try {
        await navigator.share({ title: 'A game of chess', ...files });
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'AbortError')) complain(error);
      }
    },

    pgn: () => game()?.pgn() ?? '',

    downloadPgn() {
      const kept = game();
      if (kept)
        saveFile(`rookery-${kept.id.slice(0, 8)}.pgn`, 'application/x-chess-pgn', kept.pgn());
    },

    downloadEvidence() {
      const kept = game();
      if (kept && 'evidence' in kept) {
        const name = `rookery-${kept.id.slice(0, 8)}-evidence.rook`;
        saveFile(name, 'application/octet-stream', kept.evidence());
      }
    },

    downloadSigned() {
      const kept = game();
      if (kept && 'export' in kept) {
        saveFile(`rookery-${kept.id.slice(0, 8)}.rook`, 'application/octet-stream', kept.export());
      }
    },
  };
}

/**
 * Where there is no clipboard for pages, as by plain http on a local network, the old way still works.
 *
 * @param {string} text
 */
function copyByCommand(text) {
  let taken = false;
  const give = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData('text/plain', text);
    event.preventDefault();
    taken = true;
  };
  document.addEventListener('copy', give, { once: true });
  document.execCommand('copy');
  document.removeEventListener('copy', give);
  if (!taken) throw new Error('the browser copied nothing');
}
