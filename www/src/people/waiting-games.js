// Games with people in which it is this player's move: first in the list, counted in the title and on the page's icon.

/** @import { GameSummary } from '@rookery/peer' */

/** @param {GameSummary} game */
export const isYourMove = ({ phase, you, turn, goesOnIn }) =>
  phase === 'playing' && you !== null && turn === you && !goesOnIn;

/** @param {GameSummary[]} games */
export const countWaiting = (games) => games.filter(isYourMove).length;

/**
 * @param {boolean} here Whether it is this player's move in the game on screen.
 * @param {number} waiting
 */
export function pageTitle(here, waiting) {
  const count = waiting > 0 ? `(${waiting}) ` : '';
  return `${count}${here ? 'Your move · ' : ''}Rookery`;
}
