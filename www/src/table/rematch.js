// A rematch between two players: a new game with colours swapped, whose link one sends to the other as a line of chat. Here
// is what such lines look like, and which game is played when both sent one.

import { routeFromPaste } from '../route.js';
import { opposite } from '../chess/rules.js';
import { opponentOf } from './players.js';

/** @import { Colour, GameId, GameOptions, GameState, PlayerKey } from '@rookery/peer' */

/**
 * @typedef {object} Rematch
 * @property {GameId | null} mine The game that this player offers.
 * @property {{ id: GameId, relay: string | null, checked: boolean } | null} theirs The game that the opponent offers, and
 *   whether it was looked at: then it is what a rematch has to be.
 * @property {boolean} busy
 */

/** @type {Rematch} */
export const NO_REMATCH = { mine: null, theirs: null, busy: false };

/**
 * The game that a rematch is: the same terms, the other colour, the seat kept for the same opponent.
 *
 * @param {GameState} game Over, with both players known.
 * @returns {GameOptions | null} Null for who only watched.
 */
export function rematchOptions(game) {
  const { you, clock, takebacks, variant, startFen } = game;
  const opponent = opponentOf(game);
  if (!you || !opponent) return null;
  return { clock, takebacks, variant, startFen, colour: opposite(you), opponent };
}

/**
 * @typedef {object} RematchLine What a line of chat says of a rematch, where it is nothing but the link of a game.
 * @property {'offered' | 'withdrawn' | 'declined'} what
 * @property {GameId} id
 * @property {string | null} relay
 */

/** A link longer than a line of chat is sent without the page's address before it. */
const MAX_LINE = 500;

/**
 * @param {RematchLine['what']} what
 * @param {GameId} id
 * @param {string} link That of the game.
 */
export function writeRematch(what, id, link) {
  if (what !== 'offered') return `#/game/${id}?rematch=${what}`;
  return link.length <= MAX_LINE ? link : link.slice(link.indexOf('#'));
}

/**
 * @param {string} text
 * @returns {RematchLine | null}
 */
export function readRematch(text) {
  const line = text.trim();
  if (/\s/.test(line) || !line.includes('#/game/')) return null;
  const route = routeFromPaste(line);
  if (route?.screen !== 'game') return null;
  const said = /[?&]rematch=(withdrawn|declined)$/.exec(line)?.[1];
  const what = said === 'withdrawn' || said === 'declined' ? said : 'offered';
  return { what, id: route.id, relay: route.relay };
}

/**
 * Whether an open game is a rematch of the one before: by the same opponent, on the same terms, with the colours swapped and
 * the seat kept.
 *
 * @param {GameState} offered
 * @param {GameState} before
 * @param {PlayerKey} player
 */
export function isRematch(offered, before, player) {
  const { you } = before;
  const opponent = opponentOf(before);
  if (!you || offered.phase !== 'open' || offered.creator !== opponent) return false;
  const yours = opposite(you);
  return (
    offered[yours] === player &&
    offered[opposite(yours)] === opponent &&
    offered.variant === before.variant &&
    offered.startFen === before.startFen &&
    offered.takebacks === before.takebacks &&
    JSON.stringify(offered.clock) === JSON.stringify(before.clock)
  );
}

/**
 * Whether two addresses are of one relay. Nobody is made to connect to another one by a line of chat.
 *
 * @param {string | null} one Multiaddr.
 * @param {string | null} other
 */
export function sameRelay(one, other) {
  const name = (/** @type {string | null} */ address) => /\/p2p\/([^/]+)$/.exec(address ?? '')?.[1];
  return one === other || (name(one) !== undefined && name(one) === name(other));
}

/**
 * Which of two games is played when both players offered one: the one with the lower name, so that both choose the same.
 *
 * @param {GameId} mine
 * @param {GameId} theirs
 */
export const theirsCounts = (mine, theirs) => theirs < mine;
