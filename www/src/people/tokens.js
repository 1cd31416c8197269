// The words that open private relays, kept on this device by the name of the relay: each is given to that relay alone, and stands
// in a link only where the person who invites wants that.

import { parseRoute, routeHash } from '../route.js';

/** @typedef {Readonly<Record<string, string>>} Tokens By peer id. */

const NAME = 'rookery-relay-words';
/** Relays whose words are kept; the oldest makes room. */
const MOST = 50;
const PEER = /^[1-9A-HJ-NP-Za-km-z]{20,80}$/;

/**
 * What a person pasted, where it can be a word of a relay: signs of ASCII without spaces, as hosts make them.
 *
 * @param {string} text
 * @returns {string | null}
 */
export function readToken(text) {
  const token = text.trim();
  return /^[!-~]{1,128}$/.test(token) ? token : null;
}

/**
 * The name of the relay at the end of a multiaddr.
 *
 * @param {string | null} address
 */
export const relayName = (address) => /\/p2p\/([^/]+)\/?$/.exec(address ?? '')?.[1] ?? null;

/**
 * @param {Tokens} tokens
 * @param {string} relay
 * @param {string} token
 * @returns {Tokens}
 */
export function withToken(tokens, relay, token) {
  if (!PEER.test(relay) || readToken(token) !== token) return tokens;
  const others = Object.entries(tokens).filter(([name]) => name !== relay);
  return Object.fromEntries([...others, [relay, token]].slice(-MOST));
}

/**
 * @param {string | null} text
 * @returns {Tokens} What cannot be read is left out.
 */
export function readTokens(text) {
  try {
    return Object.entries(JSON.parse(text ?? '{}') ?? {}).reduce(
      (tokens, [relay, token]) => withToken(tokens, relay, String(token)),
      /** @type {Tokens} */ ({}),
    );
  } catch {
    return {};
  }
}

/** @returns {Tokens} */
export function storedTokens() {
  try {
    return readTokens(localStorage.getItem(NAME));
  } catch {
    return {};
  }
}

/** @param {Tokens} tokens */
export function storeTokens(tokens) {
  try {
    localStorage.setItem(NAME, JSON.stringify(tokens));
  } catch {
    // Then they are known until the page is closed.
  }
}

/**
 * An invitation that opens its private relay too: the relay is named, for the word is for no other one.
 *
 * @param {string} link
 * @param {string | null} relay The relay's address, as a multiaddr.
 * @param {Tokens} tokens
 * @returns {string | null} Null where there is no word for this relay.
 */
export function linkWithToken(link, relay, tokens) {
  const token = tokens[relayName(relay) ?? ''];
  const [base, hash = ''] = link.split('#', 2);
  const route = parseRoute(hash);
  if (!token || route.screen !== 'game') return null;
  return base + routeHash({ ...route, relay, token });
}
