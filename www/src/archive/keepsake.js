// Whether what this device keeps is safe: storage that the browser promised to keep, and a key that lies in a file as well.

/** @import { GameState, GameSummary, PlayerKey } from '@rookery/peer' */

/**
 * @typedef {object} Keepsake
 * @property {boolean | null} persisted Whether the browser promised to keep the storage; null while unknown.
 * @property {PlayerKey | ''} savedFor The key that was saved to a file from here.
 * @property {number} laterMs When the reminder was put off, ms since 1970; 0 for never.
 */

const NAME = 'rookery-keepsake';
/** A reminder that was put off comes again after so long, in ms. */
const AGAIN_MS = 14 * 86_400_000;

/** @type {Readonly<Keepsake>} */
export const NO_KEEPSAKE = { persisted: null, savedFor: '', laterMs: 0 };

/** @returns {Keepsake} */
export function storedKeepsake() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? '{}');
    return {
      persisted: null,
      savedFor: typeof kept?.savedFor === 'string' ? kept.savedFor : '',
      laterMs: typeof kept?.laterMs === 'number' ? kept.laterMs : 0,
    };
  } catch {
    return { ...NO_KEEPSAKE };
  }
}

/** @param {Keepsake} keepsake */
export function storeKeepsake({ savedFor, laterMs }) {
  try {
    localStorage.setItem(NAME, JSON.stringify({ savedFor, laterMs }));
  } catch {
    // A browser that keeps nothing reminds again.
  }
}

/**
 * Whether to remind of the key: a game with somebody is over, and it lies nowhere but here.
 *
 * @param {object} what
 * @param {Keepsake} what.keepsake
 * @param {PlayerKey | null} what.player
 * @param {GameSummary[]} what.games
 * @param {GameState | null} what.onScreen
 * @param {number} nowMs
 */
export function backupDue({ keepsake, player, games, onScreen }, nowMs) {
  const { savedFor, laterMs } = keepsake;
  if (player === null || savedFor === player) return false;
  if (laterMs > nowMs - AGAIN_MS && laterMs <= nowMs) return false;
  const ended = onScreen?.phase === 'over' && onScreen.you !== null && onScreen.creator !== '';
  return ended || games.some(({ phase, you }) => phase === 'over' && you !== null);
}
