// Codes to type: short names that a relay gives open games for a while, for people who cannot send each other a link.

import { askRelay, offered, relaySites } from './relay-sites.js';

/** @import { GameId } from '@rookery/peer' */

/**
 * @typedef {'unknown' | 'limited' | 'full' | 'none' | 'silent' | 'private'} NoCode `none`: no relay here offers codes; `silent`: none
 *   answers; `private`: it wants the word that its host gives.
 * @typedef {{ code: string, holdsMs: number } | { no: NoCode }} GivenCode
 * @typedef {{ game: GameId } | { no: NoCode }} FoundGame
 */

/** Where a code of eight symbols has a hyphen, which helps to read it. */
const HALF = 4;
/** No letter that is taken for a digit, and no U. */
const CODE = /^[0-9A-HJKMNP-TV-Z]{8}$/;
const GAME = /^[0-9a-f]{64}$/;
/** @type {Partial<Record<number, NoCode>>} */
const REFUSED = { 401: 'private', 429: 'limited', 503: 'full' };
/** The longest that a relay may let a code hold, in ms: a day. */
const MAX_HOLD_MS = 86_400_000;

/**
 * @param {string} text As people type it: in any case, with spaces and hyphens, with letters for digits.
 * @returns {string | null} The code as the relay has it; null where it is none.
 */
export function readCode(text) {
  const symbols = text
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  return CODE.test(symbols) ? symbols : null;
}

/** @param {string} code */
export const codeLabel = (code) => `${code.slice(0, HALF)}-${code.slice(HALF)}`;

/** @param {string} code Letter by letter, for who hears it. */
export const codeSpoken = (code) =>
  [code.slice(0, HALF), code.slice(HALF)].map((half) => [...half].join(' ')).join(', ');

/**
 * Asks for the code of an open game, wherever it is known.
 *
 * @param {GameId} game
 * @returns {Promise<GivenCode>}
 */
export const codeOf = (game) =>
  askEach('POST', game, ({ code, holdsMs }) =>
    typeof code === 'string' && CODE.test(code) && holdsMs > 0
      ? { code, holdsMs: Math.min(Number(holdsMs), MAX_HOLD_MS) }
      : null,
  );

/**
 * @param {string} code As `readCode` gives it.
 * @returns {Promise<FoundGame>}
 */
export const gameOf = (code) =>
  askEach('GET', code, ({ game }) =>
    typeof game === 'string' && GAME.test(game) ? { game } : null,
  );

/**
 * Asks the relays of the page one after the other, until one knows it.
 *
 * @template T
 * @param {'GET' | 'POST'} method
 * @param {string} what
 * @param {(body: any) => T | null} read Null for what makes no sense.
 * @returns {Promise<T | { no: NoCode }>} Else what the one said that comes furthest: of those that offer codes, that answer.
 */
async function askEach(method, what, read) {
  /** @type {NoCode[]} */
  const said = [];
  for (const base of await relaySites()) {
    try {
      const place = await offered(base, 'codes');
      if (!place) {
        said.push('none');
        continue;
      }
      const { url, headers } = place;
      const answer = await askRelay(new URL(`${url.pathname}/${what}`, url), { method, headers });
      const found = answer.ok ? read(Object(await answer.json())) : null;
      if (found) return found;
      said.push(REFUSED[answer.status] ?? 'unknown');
    } catch {
      said.push('silent');
    }
  }
  const order = /** @type {const} */ (['private', 'limited', 'full', 'silent', 'unknown']);
  return { no: order.find((no) => said.includes(no)) ?? 'none' };
}
