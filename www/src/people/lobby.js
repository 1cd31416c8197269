// What the lobby offers to the player of this device.

import { isBlocked } from './people.js';
import { chess960Number } from '../chess/chess960.js';
import { INITIAL_FEN } from '../chess/rules.js';

/**
 * @import { PlayerKey, Seek } from '@rookery/peer'
 * @import { People } from './people.js'
 */

/**
 * The seeks whose seat this player may take: none of their own, of who is blocked, or kept for somebody else.
 *
 * @param {Seek[]} seeks
 * @param {PlayerKey | null} player
 * @param {People} people
 * @returns {Seek[]} Those kept for this player first.
 */
export function seeksFor(seeks, player, people) {
  const kept = (/** @type {Seek} */ { keptFor }) => Number(keptFor !== null);
  return seeks
    .filter(
      ({ creator, keptFor }) =>
        creator !== player &&
        !isBlocked(people, creator) &&
        (keptFor === null || keptFor === player),
    )
    .sort((a, b) => kept(b) - kept(a));
}

/**
 * Whether a game begins in a position that has to be seen before anybody sits down to it.
 *
 * @param {Seek} seek
 */
export const fromPosition = ({ startFen, variant }) =>
  variant === 'standard' ? startFen !== INITIAL_FEN : chess960Number(startFen) === null;
