// What the page asks its own relays by plain HTTP, without a peer: where a relay offers it, and only there.

import { siteRelays } from '../peer-link.js';
import { storedTokens } from './tokens.js';

/** How long a relay may take to answer, in ms. */
const ANSWER_MS = 8000;

/** @type {Promise<string[]> | null} */
let relays = null;

/** @returns {Promise<string[]>} The http(s) addresses of the relays that the site names. */
export function relaySites() {
  relays ??= siteRelays(document.baseURI).then((all) =>
    all.filter((address) => /^https?:/.test(address)),
  );
  return relays;
}

/**
 * @param {URL} url
 * @param {RequestInit} [init]
 */
export const askRelay = (url, init) =>
  fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) });

/**
 * What a relay has, and what opens it where it is private.
 *
 * @typedef {{ url: URL, headers: Record<string, string> }} Offered
 */

/**
 * Where a relay has something. One from before it was offered does not name it, and is not asked.
 *
 * @param {string} base The address of the relay's site.
 * @param {'live' | 'codes'} what
 * @returns {Promise<Offered | null>} Rejects where the relay does not answer.
 */
export async function offered(base, what) {
  const card = new URL('/.well-known/rookery.json', base);
  const answer = await askRelay(card);
  if (!answer.ok) throw new Error(`${card} answered ${answer.status}`);
  const said = Object(await answer.json());
  const place = said[what];
  if (typeof place !== 'string') return null;
  const url = new URL(place, base);
  if (url.origin !== new URL(base).origin) return null;
  const token = said.private === true ? storedTokens()[String(said.peer_id)] : undefined;
  return { url, headers: token ? { authorization: `Bearer ${token}` } : {} };
}
