// The games that relays show to everyone: read from what they answer, which is a stranger's, and put in order.

import { checkedFen } from '../chess/rules.js';

/**
 * @import { Clock, GameId, PlayerKey } from '@rookery/peer'
 */

/**
 * @typedef {object} LiveGame
 * @property {GameId} game
 * @property {PlayerKey} white
 * @property {PlayerKey} black
 * @property {'standard' | 'chess960'} variant
 * @property {Clock} clock
 * @property {string} fen
 * @property {number} ply
 * @property {string} last The last move, as UCI; empty for none.
 * @property {number} movedMs By the relay's clock, ms since 1970.
 * @property {number} watchers
 *
 * @typedef {object} WatchState What is played in public, as far as it is known.
 * @property {'loading' | 'ready' | 'failed'} status
 * @property {string} words Why nothing is shown, in one sentence.
 * @property {LiveGame[]} games
 * @property {PlayerKey[]} follows Players whose games come first.
 */

const KEY = /^[0-9a-f]{64}$/;
const UCI = /^[a-h][1-8][a-h][1-8][qrbn]?$/;
/** Games that are shown at most, whatever the relays send. */
export const MOST = 100;

/** @param {unknown} value @returns {value is number} */
const isCount = (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0;

/**
 * @param {any} clock
 * @returns {Clock | null}
 */
function readClock(clock) {
  const { kind, initialS, incrementS, days } = clock ?? {};
  if (kind === 'none') return { kind };
  if (kind === 'days' && isCount(days)) return { kind, days };
  if (kind === 'live' && isCount(initialS) && isCount(incrementS)) {
    return { kind, initialS, incrementS };
  }
  return null;
}

/**
 * @param {any} body What `GET /live.json` answered.
 * @returns {LiveGame[]} What of it makes sense.
 */
export function readLive(body) {
  if (body?.v !== 1 || !Array.isArray(body.games)) return [];
  /** @type {LiveGame[]} */
  const games = [];
  for (const one of body.games.slice(0, MOST)) {
    const clock = readClock(one?.clock);
    const fen = checkedFen(one?.fen);
    const keys = [one?.game, one?.white, one?.black];
    if (!clock || !fen || !keys.every((key) => KEY.test(key)) || !isCount(one.ply)) continue;
    games.push({
      ...{ game: one.game, white: one.white, black: one.black, clock, fen, ply: one.ply },
      variant: one.variant === 'chess960' ? 'chess960' : 'standard',
      last: UCI.test(one.last) ? one.last : '',
      movedMs: isCount(one.movedMs) ? one.movedMs : 0,
      watchers: isCount(one.watchers) ? one.watchers : 0,
    });
  }
  return games;
}

/**
 * @param {LiveGame[]} games Of all relays.
 * @param {PlayerKey[]} follows
 * @returns {LiveGame[]} Each once: those of followed players first, then those that most watch, then the newest moves.
 */
export function orderLive(games, follows) {
  const followed = new Set(follows);
  const rank = (/** @type {LiveGame} */ { white, black }) =>
    Number(followed.has(white) || followed.has(black));
  return [...new Map(games.map((game) => [game.game, game])).values()]
    .sort((a, b) => rank(b) - rank(a) || b.watchers - a.watchers || b.movedMs - a.movedMs)
    .slice(0, MOST);
}

/**
 * Where somebody of a game that is over plays now: a followed player first.
 *
 * @param {LiveGame[]} games
 * @param {{ id: string, white: PlayerKey | null, black: PlayerKey | null }} over
 * @param {PlayerKey[]} follows
 * @returns {LiveGame | null}
 */
export function nextGame(games, { id, white, black }, follows) {
  const players = [white, black].filter((key) => key !== null);
  const has = (/** @type {LiveGame} */ game, /** @type {PlayerKey[]} */ keys) =>
    game.game !== id && keys.some((key) => game.white === key || game.black === key);
  const followed = players.filter((key) => follows.includes(key));
  return (
    games.find((game) => has(game, followed)) ?? games.find((game) => has(game, players)) ?? null
  );
}
