// A game with somebody else as it leaves this device: as its players are called here, and where it can be seen.

import { pgnDay, tagOf, withTags } from '../chess/pgn-tags.js';
import { nameOf } from '../people/people.js';
import { routeHash } from '../route.js';

/**
 * @import { PlayerKey } from '@rookery/peer'
 * @import { People } from '../people/people.js'
 */

/**
 * Where a game is opened with this page.
 *
 * @param {string} id
 * @param {string | null} relay Null for one of the page's own.
 */
export const gameAddress = (id, relay) =>
  new URL(`./${routeHash({ screen: 'game', id, relay })}`, document.baseURI).href;

/**
 * The keys stay in tags of their own, for a name alone says little of who it was.
 *
 * @param {string} pgn As the ledger writes it: players named by their keys, no day where there was no clock.
 * @param {{ people: People, player: PlayerKey | null, link: string, begunMs: number | null }} known `link` leads to the game;
 *   `begunMs`: since 1970, by this device's clock.
 */
export function exportedPgn(pgn, { people, player, link, begunMs }) {
  /** @type {Record<string, string>} */
  const tags = { Site: link };
  for (const side of ['White', 'Black']) {
    const key = tagOf(pgn, side);
    if (!/^[0-9a-f]{64}$/.test(key)) continue;
    tags[side] = (key === player && people.own) || nameOf(people, key);
    tags[`${side}Key`] = key;
  }
  if (tagOf(pgn, 'Date').startsWith('?') && begunMs !== null) tags.Date = pgnDay(new Date(begunMs));
  return withTags(pgn, tags);
}
