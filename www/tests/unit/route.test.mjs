import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forcedTransport, parseRoute, routeFromPaste, routeHash } from '../../src/route.js';

const ID = 'ab'.repeat(32);
const RELAY = '/dns4/relay.example/tcp/443/tls/ws/p2p/12D3KooW';

test('a game link names its game and its relay', () => {
  const hash = `#/game/${ID}?relay=${encodeURIComponent(RELAY)}`;
  assert.deepEqual(parseRoute(hash), { screen: 'game', id: ID, relay: RELAY });
  assert.deepEqual(parseRoute(`#/game/${ID}?relay=${RELAY}`).relay, RELAY, 'unescaped works too');
  assert.deepEqual(parseRoute(`#/game/${ID}`), { screen: 'game', id: ID, relay: null });
});

test('a route survives being written and read', () => {
  for (const route of [
    { screen: 'home' },
    { screen: 'games' },
    { screen: 'watch' },
    { screen: 'import', id: '0123456789abcdef' },
    { screen: 'game', id: ID, relay: RELAY },
    { screen: 'game', id: ID, relay: null },
    { screen: 'computer', id: null },
    { screen: 'computer', id: '0123456789abcdef' },
  ]) {
    assert.deepEqual(parseRoute(routeHash(route)), route);
  }
});

test('anything else is home', () => {
  for (const hash of [
    '',
    '#',
    '#/',
    '#/game',
    '#/game/xyz',
    `#/game/${ID}/more`,
    '#/<b>',
    '#/computer/no',
    '#/import',
    '#/games/x',
  ]) {
    assert.deepEqual(parseRoute(hash), { screen: 'home' }, hash);
  }
});

test('a pasted link, fragment or bare code opens the game, other text does not', () => {
  const route = { screen: 'game', id: ID, relay: null };
  assert.deepEqual(routeFromPaste(`  https://example.org/chess/#/game/${ID}\n`), route);
  assert.deepEqual(routeFromPaste(`/game/${ID}`), route);
  assert.deepEqual(routeFromPaste(ID.toUpperCase()), route);
  assert.equal(routeFromPaste('https://example.org/'), null);
  assert.equal(routeFromPaste('#/computer'), null);
  assert.equal(routeFromPaste(''), null);
});

test('a transport is forced before or inside the fragment, and only one that exists', () => {
  assert.equal(forcedTransport({ search: '?transport=webrtc', hash: '' }), 'webrtc');
  assert.equal(forcedTransport({ search: '', hash: `#/game/${ID}?transport=ws` }), 'ws');
  assert.equal(forcedTransport({ search: '?transport=pigeon', hash: '' }), undefined);
});

test('a game at one board has an address of its own, and the last one a shorter one', () => {
  const route = { screen: 'board', id: '0123456789abcdef' };
  assert.equal(routeHash(route), '#/board/0123456789abcdef');
  assert.deepEqual(parseRoute('#/board/0123456789abcdef'), route);
  assert.deepEqual(parseRoute('#/board'), { screen: 'board', id: null });
  assert.deepEqual(parseRoute('#/board/xyz'), { screen: 'home' });
});
