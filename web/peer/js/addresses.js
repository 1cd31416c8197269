// Which addresses of a relay this page can dial, and in which order. Text only: dialling is elsewhere.

import { iceServers, together } from './ice.js';
import { isMultiaddr } from './link.js';

/** How long a relay may take to say its addresses, in ms. */
const FETCH_MS = 3000;
/** Addresses that are tried at most. */
const MAX_ADDRESSES = 32;
/** Relays that others name as their standbys, of which no more are asked. */
const MAX_STANDBYS = 4;
/** The protocols of the session that this package speaks, and their versions. */
const PROTOCOLS = [1];
const VERSIONS = [2, 1];

/**
 * @typedef {'newer' | 'older' | 'other'} OtherVersion A relay that speaks no version that this page does, and what its own are.
 */

/**
 * @typedef {object} Place
 * @property {string} host The page's host name, without brackets.
 * @property {boolean} secure Whether the page came by https: then plain `ws` is blocked, but to this device.
 * @property {'ws' | 'webrtc'} [transport] The only one to use.
 */

/**
 * @param {string} address
 * @returns {'ws' | 'webrtc' | null} Null for what no browser can dial.
 */
export function transportOf(address) {
  const parts = address.split('/');
  // Behind a relay's circuit there is another peer.
  if (parts.includes('p2p-circuit')) return null;
  if (parts.includes('webrtc-direct')) return 'webrtc';
  return parts.includes('ws') || parts.includes('wss') ? 'ws' : null;
}

/** @param {string} address */
export function peerOf(address) {
  return /\/p2p\/([A-Za-z0-9]+)/.exec(address)?.[1] ?? null;
}

/** @param {string} host */
function isLoopback(host) {
  return host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host);
}

/** @param {string} host */
function hostPart(host) {
  if (/^\d+(\.\d+){3}$/.test(host)) return `/ip4/${host}`;
  return host.includes(':') ? `/ip6/${host}` : `/dns/${host}`;
}

/**
 * A relay that listens everywhere is reached where the page came from.
 *
 * @param {string} address
 * @param {string} host
 */
export function withHost(address, host) {
  if (!/^\/(ip4\/0\.0\.0\.0|ip6\/::)\//.test(address)) return address;
  // WebRTC wants a number.
  const known = host === 'localhost' ? '127.0.0.1' : host;
  return address.replace(/^\/[^/]+\/[^/]+/, hostPart(known));
}

/**
 * The addresses that can be dialled from here, best first: WebSocket before WebRTC, encrypted before plain, the page's
 * own host before others.
 *
 * @param {string[]} addresses
 * @param {Place} place
 */
export function dialable(addresses, { host, secure, transport }) {
  /** @type {Map<string, number>} */
  const ranks = new Map();
  for (const given of addresses.slice(0, MAX_ADDRESSES)) {
    const address = withHost(given, host);
    const kind = transportOf(address);
    if (!kind || (transport && kind !== transport)) continue;
    const [, proto, target = ''] = address.split('/');
    const here = isLoopback(target);
    const encrypted = /\/(wss|tls)(\/|$)/.test(address);
    if (secure && kind === 'ws' && !encrypted && !here) continue;
    if (kind === 'webrtc' && proto.startsWith('dns')) continue;
    // This device's own loopback is not the relay's, unless the page itself came from there.
    const far = here && !isLoopback(host) ? 8 : 0;
    const other = target === host || (here && isLoopback(host)) ? 0 : 1;
    ranks.set(address, far + (kind === 'webrtc' ? 4 : 0) + (encrypted ? 0 : 2) + other);
  }
  return [...ranks].sort((a, b) => a[1] - b[1]).map(([address]) => address);
}

/**
 * Whether a relay that says so of itself cannot be spoken with. One that says nothing of versions is tried.
 *
 * @param {{ protocols?: unknown, versions?: unknown }} relay
 * @returns {OtherVersion | null}
 */
export function otherVersion({ protocols, versions }) {
  const spoken = /** @type {const} */ ([
    [versions, VERSIONS],
    [Array.isArray(protocols) && protocols.map(sessionVersion), PROTOCOLS],
  ]);
  for (const [list, own] of spoken) {
    if (!Array.isArray(list) || list.length === 0) continue;
    if (own.some((version) => list.includes(version))) continue;
    const numbers = list.filter((version) => typeof version === 'number');
    if (numbers.length === 0) return 'other';
    return Math.max(...numbers) > Math.max(...own) ? 'newer' : 'older';
  }
  return null;
}

/** @param {unknown} protocol */
function sessionVersion(protocol) {
  const found = /^\/rookery\/game\/(\d{1,9})$/.exec(String(protocol));
  return found ? Number(found[1]) : null;
}

/**
 * @typedef {object} Found What is known of relays.
 * @property {string[]} addresses Multiaddrs, each with its peer id.
 * @property {OtherVersion | null} other A relay answered, and none can be spoken with.
 * @property {boolean} none No relay is named, or there is none where one is named: the host answers, and knows of none.
 * @property {RTCIceServer[]} ice What helps devices to find each other.
 * @property {string[]} standby Relays at which its games can go on, by multiaddr or http(s) address.
 */

/** @type {Found} */
const SILENT = { addresses: [], other: null, none: false, ice: [], standby: [] };
/** @type {Found} */
const NONE = { ...SILENT, none: true };

/**
 * @typedef {{ peer_id?: unknown, addresses?: unknown, protocols?: unknown, versions?: unknown, stun?: unknown, turn?: unknown,
 *   standby?: unknown }} Said
 */

/**
 * What a relay says of itself at an http(s) address.
 *
 * @param {string} base
 * @returns {Promise<Found>} Rejects where nothing answers, or an answer is an error that may pass.
 */
async function addressesAt(base) {
  const url = new URL('/.well-known/rookery.json', base);
  const answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(FETCH_MS) });
  if (answer.status === 404 || answer.status === 410) return NONE;
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  // A static host may answer with its start page.
  const {
    peer_id: peer,
    addresses,
    ...said
  } = /** @type {Said} */ (Object(readJson(await answer.text())));
  const other = otherVersion(said);
  if (other) return { ...SILENT, other };
  if (!Array.isArray(addresses)) return NONE;
  const suffix = typeof peer === 'string' && isMultiaddr(`/p2p/${peer}`) ? `/p2p/${peer}` : '';
  const dialled = addresses
    .filter(isMultiaddr)
    .map((address) => withHost(address, url.hostname.replace(/^\[|\]$/g, '')))
    .map((address) => (peerOf(address) ? address : address + suffix));
  const standby = Array.isArray(said.standby) ? said.standby.filter(isRelay) : [];
  return { ...SILENT, addresses: dialled, ice: iceServers(said, url.hostname), standby };
}

/**
 * Whether a relay can be named so.
 *
 * @param {unknown} relay
 * @returns {relay is string}
 */
export function isRelay(relay) {
  if (isMultiaddr(relay)) return true;
  return (
    typeof relay === 'string' && URL.canParse(relay) && /^https?:$/.test(new URL(relay).protocol)
  );
}

/** @param {string} text */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The multiaddrs of relays that are named by multiaddr or by http(s) address. What cannot be asked now is left out.
 *
 * @param {string[]} relays
 * @returns {Promise<Found>}
 */
export async function resolveRelays(relays) {
  const found = await Promise.all(
    relays.map((relay) =>
      isMultiaddr(relay)
        ? { ...SILENT, addresses: [relay] }
        : addressesAt(relay).catch(() => SILENT),
    ),
  );
  const addresses = found.flatMap((relay) => relay.addresses);
  const other = found.find((relay) => relay.other)?.other ?? null;
  const standby = new Set(found.flatMap((relay) => relay.standby));
  return {
    addresses,
    other: addresses.length > 0 ? null : other,
    none: found.every(({ none }) => none),
    ice: together(found.map((relay) => relay.ice)),
    standby: [...standby].filter((relay) => !relays.includes(relay)).slice(0, MAX_STANDBYS),
  };
}
