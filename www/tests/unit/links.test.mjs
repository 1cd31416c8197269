// Links and addresses of any content: what people paste, spoilt at random. ROOKERY_SEED chooses the seed, ROOKERY_ROUNDS
// how many there are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialable, peerOf, transportOf, withHost } from '../../../web/peer/js/addresses.js';
import { formatLink, isMultiaddr, parseLink } from '../../../web/peer/js/link.js';
import { relayAddress } from '../../src/peer-link.js';
import { forcedTransport, parseRoute, routeFromPaste, routeHash } from '../../src/route.js';

const SEED = Number(process.env.ROOKERY_SEED ?? 1);
const ROUNDS = Number(process.env.ROOKERY_ROUNDS ?? 20_000);

const ID = '0123456789abcdef'.repeat(4);
const PEER = '12D3KooWEC7C2fJT9x8UxQBuZX9PTzAkhdmGSt2QyCFPbGvhdrt4';
const ADDRESSES = [
  `/ip4/192.0.2.7/tcp/4751/ws/p2p/${PEER}`,
  `/ip4/0.0.0.0/tcp/4751/ws`,
  `/ip6/::/udp/4752/webrtc-direct/certhash/uEiBBpesCs2O_-uQHfgI6XP9hdSClFIrE/p2p/${PEER}`,
  `/dns4/relay.example/tcp/443/tls/ws/p2p/${PEER}`,
  `/ip4/127.0.0.1/tcp/4751/ws/p2p/${PEER}/p2p-circuit`,
  '/dns/127.example.org/tcp/4751/ws',
];
const LINKS = [
  `#/game/${ID}`,
  `https://example.org/chess/#/game/${ID.toUpperCase()}?relay=${ADDRESSES[0]}`,
  `http://[::1]:4780/?x=1#/game/${ID}?relay=${encodeURIComponent(ADDRESSES[2])}&transport=webrtc`,
  '#/computer/0123456789abcdef',
  ID,
  'rookery',
];
const BASES = ['https://example.org/chess/', 'http://[::1]:4780/?x=1#/old', '', 'file:///a%20b/'];
const PARTS = [
  ...['#', '?', '/', '&', '=', '%', '%2', '%2F', '%23', '%ff', '%00', '+', ' ', '\t', '\n', '\0'],
  ...['\ud800', '\udc00', '\u212a', '\u0130', 'é', '♜', '<b>', 'javascript:', '..', '//', ':', '@'],
  ...['game', 'game/', 'computer', 'relay=', 'transport=ws', 'ws', 'wss', 'tls', 'p2p', '0', 'A'],
  ...[ID, PEER, '/ip4/', '/dns/', '/ip6/::', '0'.repeat(600)],
];

/**
 * Mulberry32.
 *
 * @param {number} seed
 */
function random(seed) {
  let state = seed >>> 0;
  return (/** @type {number} */ below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * One of the texts with some of it left out, doubled, replaced, or joined with another.
 *
 * @param {(below: number) => number} next
 * @param {string[]} texts
 */
function spoilt(next, texts) {
  let text = texts[next(texts.length)];
  for (let n = next(5); n > 0; n -= 1) {
    const at = next(text.length + 1);
    const to = Math.min(text.length, at + next(4));
    const part = PARTS[next(PARTS.length)];
    const other = texts[next(texts.length)];
    text = [
      () => text.slice(0, at) + part + text.slice(at),
      () => text.slice(0, at) + part + text.slice(to),
      () => text.slice(0, at) + text.slice(to),
      () => text.slice(0, at) + other.slice(next(other.length + 1)),
      () => text.slice(0, to) + text.slice(at),
    ][next(5)]();
  }
  return text;
}

/**
 * Runs `round` with random choices; what fails names the seed and the round.
 *
 * @param {import('node:test').TestContext} t
 * @param {(next: (below: number) => number) => void} round
 */
function rounds(t, round) {
  t.diagnostic(`ROOKERY_SEED=${SEED} ROOKERY_ROUNDS=${ROUNDS}`);
  const next = random(SEED);
  for (let n = 0; n < ROUNDS; n += 1) round(next);
}

/** @param {unknown} id */
const isId = (id) => typeof id === 'string' && /^[0-9a-f]{64}$/.test(id);

test('whatever is pasted, a link is read whole or not at all', (t) => {
  let links = 0;
  rounds(t, (next) => {
    const text = spoilt(next, LINKS);
    const shown = JSON.stringify(text);
    const link = parseLink(text);
    if (link) {
      links += 1;
      assert.ok(isId(link.id), shown);
      assert.ok(text.toLowerCase().includes(link.id), shown);
      assert.ok(link.relay === null || isMultiaddr(link.relay), shown);
      assert.ok([null, 'ws', 'webrtc'].includes(link.transport), shown);
    }
    const route = routeFromPaste(text);
    if (route) {
      assert.ok(route.screen === 'game' && isId(route.id), shown);
      if (link) assert.equal(route.id, link.id, shown);
    }
    const screen = parseRoute(text);
    assert.ok(['home', 'game', 'computer'].includes(screen.screen), shown);
    assert.deepEqual(parseRoute(routeHash(screen)), screen, shown);
    const forced = forcedTransport({ search: spoilt(next, ['?transport=ws', '']), hash: text });
    assert.ok([undefined, 'ws', 'webrtc'].includes(forced), shown);
  });
  assert.ok(links > ROUNDS / 20, `${links} links are too few to show anything`);
});

test('a link that is made is read back, by the page and by the package', (t) => {
  let relays = 0;
  rounds(t, (next) => {
    const [base, address] = [spoilt(next, BASES), spoilt(next, ADDRESSES)];
    const relay = isMultiaddr(address) ? address : null;
    if (relay) relays += 1;
    const made = formatLink(base, ID, relay);
    const shown = JSON.stringify(made);
    assert.deepEqual(parseLink(made), { id: ID, relay, transport: null }, shown);
    assert.deepEqual(routeFromPaste(made), { screen: 'game', id: ID, relay }, shown);
    // A page keeps what it was given, for the package to judge.
    const route = { screen: /** @type {const} */ ('game'), id: ID, relay: relay ?? 'x y' };
    assert.deepEqual(parseRoute(routeHash(route)), route);
  });
  assert.ok(relays > ROUNDS / 20, `${relays} addresses are too few to show anything`);
});

test('of any addresses only those that a page may dial are tried', (t) => {
  let tried = 0;
  rounds(t, (next) => {
    const given = [spoilt(next, ADDRESSES), spoilt(next, ADDRESSES)];
    const host = ['localhost', '::1', '192.0.2.7', 'page.example'][next(4)];
    const secure = next(2) === 1;
    const dialled = dialable(given, { host, secure, transport: undefined });
    tried += dialled.length;
    const possible = given.map((address) => withHost(address, host));
    for (const address of dialled) {
      const shown = JSON.stringify({ given, host, secure, address });
      assert.ok(possible.includes(address), shown);
      const kind = transportOf(address);
      assert.ok(kind, shown);
      const [, , target = ''] = address.split('/');
      const open = kind === 'webrtc' || /\/(wss|tls)(\/|$)/.test(address);
      const own = ['localhost', '::1'].includes(target) || /^127(\.\d+){3}$/.test(target);
      assert.ok(open || own || !secure, shown);
      assert.ok(peerOf(address) === null || address.includes('/p2p/'), shown);
    }
    assert.equal(new Set(dialled).size, dialled.length);
    for (const address of given) {
      try {
        assert.ok(relayAddress(address, 'https://page.example/'));
      } catch (error) {
        // What is no address at all; whoever asks leaves it out.
        assert.ok(error instanceof TypeError, JSON.stringify(address));
      }
    }
  });
  assert.ok(tried > ROUNDS / 20, `${tried} addresses are too few to show anything`);
});
