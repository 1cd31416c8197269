// Who sits where, in words.

import { isBlocked, nameOf } from '../people/people.js';
import { opposite } from '../chess/rules.js';
import { colourName, presenceWords } from '../words/words.js';

/**
 * @import { GameState, PlayerKey } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { People } from '../people/people.js'
 * @import { Table } from './table-state.js'
 */

/**
 * The other player's key.
 *
 * @param {Pick<GameState, 'you' | 'white' | 'black'>} game
 * @returns {PlayerKey | null} Null for who watches, and while nobody sits there.
 */
export const opponentOf = ({ you, white, black }) => (you === 'white' ? black : you ? white : null);

/**
 * Whether this game is with somebody whom this player blocked.
 *
 * @param {GameState} game
 * @param {People} people
 */
export const blockedOpponent = (game, people) => isBlocked(people, opponentOf(game));

/**
 * What can be done in a game with somebody who is blocked: who took an open invitation is seated, whoever it is.
 *
 * @param {GameState} game
 * @returns {string} One sentence; empty once the own first move is made, for then it is a game like any other.
 */
export function blockedWords({ you, moves, can, phase }) {
  const mover = (/** @type {string} */ fen) => (fen.split(' ')[1] === 'b' ? 'white' : 'black');
  if (phase !== 'playing' || moves.some(({ fen }) => mover(fen) === you)) return '';
  return can.abort
    ? 'You blocked this player. You may abort now.'
    : 'You blocked this player. You may abort at your move.';
}

/**
 * The other player in a sentence, for those who listen; the two players for who watches.
 *
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 */
export function playerWords({ people }, { kind, game, computer }) {
  const { you, white, black, present, phase } = /** @type {GameState} */ (game);
  if (kind === 'board') return 'Two people at one board.';
  if (computer !== null) return `Computer, ${computer}.`;
  const one = (/** @type {'white' | 'black'} */ colour) => {
    const key = colour === 'white' ? white : black;
    if (!key) return 'nobody yet';
    const presence = phase === 'playing' ? presenceWords(present[colour]).toLowerCase() : '';
    return `${nameOf(people, key)}${presence && `, ${presence}`}`;
  };
  if (you) return `${one(opposite(you))}.`;
  return `${colourName('white')}: ${one('white')}. ${colourName('black')}: ${one('black')}.`;
}
