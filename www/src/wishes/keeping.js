// Taking a game or its link away: copied, shared, saved as a file.

import { exportedPgn, gameAddress } from '../archive/pgn-export.js';
import { saveFile } from '../device/download.js';

/**
 * @import { Desk, PlayedGame } from './desk.js'
 */

/** @param {Desk} desk */
export function keepingWishes({ store, game, say, complain }) {
  /** @param {PlayedGame} kept */
  function pgnOf(kept) {
    const { people, peer } = store.get();
    if (!('say' in kept)) return kept.pgn(people.own);
    const listed = peer.games.find(({ id }) => id === kept.id)?.createdMs;
    // What is played here and is not in the list yet began since that was read.
    const begunMs = listed ?? (kept.state.you ? Date.now() : null);
    const link = gameAddress(kept.id, kept.relay);
    return exportedPgn(kept.pgn(), { people, player: peer.player, link, begunMs });
  }

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
      const text = pgnOf(shared);
      const file = new File([text], `rookery-${shared.id.slice(0, 8)}.pgn`, { type: 'text/plain' });
      const files = navigator.canShare?.({ files: [file] }) ? { files: [file] } : { text };
      try {
        await navigator.share({ title: 'A game of chess', ...files });
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'AbortError')) complain(error);
      }
    },

    pgn() {
      const kept = game();
      return kept ? pgnOf(kept) : '';
    },

    downloadPgn() {
      const kept = game();
      if (kept)
        saveFile(`rookery-${kept.id.slice(0, 8)}.pgn`, 'application/x-chess-pgn', pgnOf(kept));
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
