// The link that invites to a game: everything in the fragment, so that it works from any page of any host.

/** @import { GameId } from './index.d.ts' */

const ID = /^[0-9a-f]{64}$/;
const MULTIADDR = /^(\/[A-Za-z0-9._:%~-]+){2,32}$/;
/** Longer than any address of a relay. */
const MAX_ADDRESS = 512;

/**
 * @param {unknown} id
 * @returns {id is GameId}
 */
export function isGameId(id) {
  return typeof id === 'string' && ID.test(id);
}

/**
 * Whether a text has the shape of a multiaddr; whether it can be dialled, dialling shows.
 *
 * @param {unknown} text
 * @returns {text is string}
 */
export function isMultiaddr(text) {
  return typeof text === 'string' && text.length <= MAX_ADDRESS && MULTIADDR.test(text);
}

/**
 * @param {string} link
 * @returns {{ id: GameId, relay: string | null, transport: 'ws' | 'webrtc' | null } | null}
 */
export function parseLink(link) {
  if (typeof link !== 'string') return null;
  const at = link.indexOf('#');
  const [path, ...rest] = link.slice(at < 0 ? 0 : at + 1).split('?');
  const found = /^\/?game\/([0-9a-fA-F]{64})\/?$/.exec(path.trim());
  if (!found) return null;
  const query = new URLSearchParams(rest.join('?').trim());
  const relay = query.get('relay');
  const transport = query.get('transport');
  return {
    id: found[1].toLowerCase(),
    relay: isMultiaddr(relay) ? relay : null,
    transport: transport === 'ws' || transport === 'webrtc' ? transport : null,
  };
}

/**
 * @param {string} base The page's address; what stands behind its `#` is left out.
 * @param {GameId} id
 * @param {string | null} relay
 */
export function formatLink(base, id, relay) {
  const query = relay ? `?relay=${encodeURI(relay)}` : '';
  return `${base.split('#', 1)[0]}#/game/${id}${query}`;
}
