// What it means that the opponent is gone: how long the game waits for them, and what happens then.

import { clockFace } from './clock.js';
import { opposite, position } from '../chess/rules.js';
import { clockStands } from './standing.js';

/** @import { ClockReading, GameState } from '@rookery/peer' */

/**
 * Whether the opponent is known to have no session at any relay.
 *
 * @param {GameState} game
 */
export const opponentGone = ({ phase, you, present }) =>
  phase === 'playing' && you !== null && present[opposite(you)] === false;

/**
 * @param {GameState} game
 * @param {ClockReading} clocks
 * @param {(ms: number) => string} [face] How time is written.
 * @returns {string} One sentence; empty while the opponent is here, or where nobody knows.
 */
export function absenceWords(game, clocks, face = clockFace) {
  const { you, clock, turn, fen } = game;
  if (!opponentGone(game) || you === null || clockStands(game)) return '';
  if (clock.kind === 'none') return 'Your opponent is away. Nothing runs out: there is no clock.';
  if (turn === you) {
    if (clock.kind === 'days') return 'Your opponent is away. It is your move.';
    return 'Your opponent is away. It is your move, and your clock runs.';
  }
  if (clocks.firstMoveMs !== null) {
    return `Away: no result without a first move in ${face(clocks.firstMoveMs)}.`;
  }
  const left = (you === 'white' ? clocks.blackMs : clocks.whiteMs) ?? 0;
  const then = position(fen).hasInsufficientMaterial(you) ? 'it is a draw' : 'you win';
  return `Away: their flag falls in ${face(left)}, then ${then}.`;
}
