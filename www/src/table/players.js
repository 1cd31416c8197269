// Who sits where, in words.

import { nameOf } from '../people/people.js';
import { opposite } from '../chess/rules.js';
import { colourName, presenceWords } from '../words/words.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Table } from './table-state.js'
 */

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
