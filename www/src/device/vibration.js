// What is felt, on devices that can: the other side's moves, and what must not be missed.

/**
 * @import { AppState } from '../app-state.js'
 * @import { Happening } from '../table/happenings.js'
 */

/** @type {Record<Happening, number[]>} On and off, in ms. */
const PATTERNS = {
  move: [30],
  capture: [45],
  check: [40, 60, 40],
  start: [60, 60, 60],
  end: [200],
  offer: [40, 80, 40],
  'low-time': [80, 60, 80, 60, 80],
};

/** What a move brings with it: known to who made it. @type {Happening[]} */
const OF_MOVES = ['move', 'capture', 'check'];

export const canVibrate = () => 'vibrate' in navigator;

/**
 * The strongest of what happened at once; nothing for an own move.
 *
 * @param {Happening[]} found
 * @param {AppState} now
 * @returns {number[]} Empty for nothing.
 */
export function vibrationFor(found, { table }) {
  const { turn, you, pending } = table?.game ?? {};
  const own = table?.kind === 'board' || turn !== you || Boolean(pending);
  const felt = found.filter((name) => !own || !OF_MOVES.includes(name));
  const last = felt.at(-1);
  return last ? PATTERNS[last] : [];
}

/**
 * @param {Happening[]} found
 * @param {AppState} now
 */
export function vibrate(found, now) {
  const pattern = vibrationFor(found, now);
  // Browsers complain aloud about a page that shakes before it was touched.
  if (pattern.length === 0 || !canVibrate() || !navigator.userActivation?.hasBeenActive) return;
  navigator.vibrate(pattern);
}
