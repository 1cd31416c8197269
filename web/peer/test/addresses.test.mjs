// Which addresses of a relay a page tries, and in which order.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import {
  dialable,
  otherVersion,
  peerOf,
  resolveRelays,
  transportOf,
  withHost,
} from '../js/addresses.js';

const PEER = '12D3KooWEC7C2fJT9x8UxQBuZX9PTzAkhdmGSt2QyCFPbGvhdrt4';
const WS = `/ip4/192.0.2.7/tcp/4751/ws/p2p/${PEER}`;
const WSS = `/dns4/relay.example/tcp/443/wss/p2p/${PEER}`;
const TLS = `/dns/relay.example/tcp/443/tls/ws/p2p/${PEER}`;
const RTC = `/ip4/192.0.2.7/udp/4752/webrtc-direct/certhash/uEiA/p2p/${PEER}`;
const LOCAL = `/ip4/127.0.0.1/tcp/4751/ws/p2p/${PEER}`;
const OTHERS = [`/ip4/192.0.2.7/tcp/4750/p2p/${PEER}`, '/ip4/192.0.2.7/udp/4750/quic-v1', 'x'];

test('WebSocket comes before WebRTC, encrypted before plain, and the rest is left out', () => {
  const page = { host: 'page.example', secure: false };
  assert.deepEqual(dialable([RTC, WS, ...OTHERS, WSS], page), [WSS, WS, RTC]);
  assert.deepEqual(dialable([TLS, RTC], page), [TLS, RTC]);
  assert.deepEqual(dialable([`${WS}/p2p-circuit/p2p/${PEER}`], page), []);
});

test('an https page dials no plain WebSocket but that of its own device', () => {
  const named = '/dns/127.example.org/tcp/4751/ws';
  const page = { host: 'localhost', secure: true };
  assert.deepEqual(dialable([WS, LOCAL, named, RTC], page), [LOCAL, RTC]);
});

test('a forced transport is the only one', () => {
  const page = { host: 'page.example', secure: false };
  assert.deepEqual(dialable([WS, RTC], { ...page, transport: 'webrtc' }), [RTC]);
  assert.deepEqual(dialable([WS, RTC], { ...page, transport: 'ws' }), [WS]);
});

test('the host that the page came from is tried first, and loopback last from elsewhere', () => {
  const far = `/ip4/10.0.0.1/tcp/4751/ws/p2p/${PEER}`;
  assert.deepEqual(dialable([LOCAL, far, WS], { host: '192.0.2.7', secure: false }), [
    WS,
    far,
    LOCAL,
  ]);
  assert.deepEqual(dialable([far, LOCAL], { host: 'localhost', secure: false }), [LOCAL, far]);
});

test('a relay that listens everywhere is reached at the host of the page', () => {
  assert.equal(withHost('/ip4/0.0.0.0/tcp/1/ws', '192.0.2.7'), '/ip4/192.0.2.7/tcp/1/ws');
  assert.equal(withHost('/ip4/0.0.0.0/tcp/1/ws', 'localhost'), '/ip4/127.0.0.1/tcp/1/ws');
  assert.equal(withHost('/ip6/::/tcp/1/ws', 'a.example'), '/dns/a.example/tcp/1/ws');
  assert.equal(withHost('/ip6/::1/tcp/1/ws', 'a.example'), '/ip6/::1/tcp/1/ws');
});

test('kind and peer are read from an address', () => {
  assert.deepEqual([WS, WSS, RTC, OTHERS[0]].map(transportOf), ['ws', 'ws', 'webrtc', null]);
  assert.equal(peerOf(WS), PEER);
  assert.equal(peerOf('/ip4/192.0.2.7/tcp/1/ws'), null);
});

test('a relay named by its site is asked for its addresses; one that fails is left out', async (t) => {
  const server = createServer((request, response) => {
    const known = request.url === '/.well-known/rookery.json';
    response.statusCode = known ? 200 : 404;
    const addresses = ['/ip4/0.0.0.0/tcp/4751/ws', 7, WSS, 'bad'];
    const standby = ['https://other.example', 'ftp://no', 7, WSS, RTC];
    response.end(JSON.stringify({ peer_id: PEER, addresses, stun: { port: 3478 }, standby }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const found = await resolveRelays([`http://127.0.0.1:${port}/some/page`, RTC]);
  assert.deepEqual(found, {
    addresses: [`/ip4/127.0.0.1/tcp/4751/ws/p2p/${PEER}`, WSS, RTC],
    other: null,
    none: false,
    ice: [{ urls: 'stun:127.0.0.1:3478' }],
    // Where games can go on; what is named anyway is no other one.
    standby: ['https://other.example', WSS],
  });
  const nothing = { addresses: [], other: null, none: false, ice: [], standby: [] };
  assert.deepEqual(await resolveRelays(['http://127.0.0.1:1/']), nothing);
});

test('a host that knows of no relay is told from one that does not answer', async (t) => {
  /** @type {[number, string]} */
  let answer = [500, ''];
  const server = createServer((_, response) => {
    response.writeHead(answer[0]).end(answer[1]);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const host = `http://127.0.0.1:${port}/`;
  /** @type {[number, string, boolean][]} */
  const answers = [
    [404, 'nothing here', true],
    [410, '', true],
    [200, '<!doctype html><title>My page</title>', true],
    [200, '{"hello": "world"}', true],
    [200, 'null', true],
    [502, 'bad gateway', false],
    [429, 'later', false],
  ];
  for (const [status, body, none] of answers) {
    answer = [status, body];
    assert.equal((await resolveRelays([host])).none, none, `${status} ${body}`);
  }
  answer = [404, ''];
  assert.equal((await resolveRelays([])).none, true);
  assert.equal((await resolveRelays([host, 'http://127.0.0.1:1/'])).none, false);
  assert.equal((await resolveRelays([host, WS])).none, false);
});

test('a relay of other versions is told from one that says nothing of them', () => {
  const game = (/** @type {number} */ version) => `/rookery/game/${version}`;
  assert.equal(otherVersion({}), null);
  assert.equal(otherVersion({ versions: [1], protocols: [game(1)] }), null);
  assert.equal(otherVersion({ versions: [2, 1], protocols: [game(2), game(1)] }), null);
  assert.equal(otherVersion({ versions: [4, 3], protocols: [game(1)] }), 'newer');
  assert.equal(otherVersion({ versions: [1], protocols: [game(2)] }), 'newer');
  assert.equal(otherVersion({ versions: [0] }), 'older');
  assert.equal(otherVersion({ protocols: ['/other/game'] }), 'other');
  assert.equal(otherVersion({ versions: 'x', protocols: [] }), null);
});

test('a relay of another version is not dialled, and another one is used in its place', async (t) => {
  const server = createServer((_, response) => {
    response.end(JSON.stringify({ peer_id: PEER, addresses: [WS], versions: [3] }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  t.after(() => server.close());
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const newer = `http://127.0.0.1:${port}/`;
  const unknown = { addresses: [], other: null, none: false, ice: [], standby: [] };
  assert.deepEqual(await resolveRelays([newer]), { ...unknown, other: 'newer' });
  assert.deepEqual(await resolveRelays([newer, RTC]), { ...unknown, addresses: [RTC] });
});
