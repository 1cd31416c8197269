import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  linkWithToken,
  readToken,
  readTokens,
  relayName,
  withToken,
} from '../../src/people/tokens.js';
import { parseRoute, routeFromPaste, routeHash } from '../../src/route.js';

const ID = 'ab'.repeat(32);
const PEER = '12D3KooWEC7C2fJT9x8UxQBuZX9PTzAkhdmGSt2QyCFPbGvhdrt4';
const RELAY = `/dns4/club.example/tcp/443/wss/p2p/${PEER}`;
const WORD = 'q7m2x-kd93v-0hzrt-8wbnc';

test('a word is taken as it is pasted, without what stands around it', () => {
  assert.equal(readToken(` ${WORD}\n`), WORD);
  for (const none of ['', ' ', 'two words', 'schlüssel', 'x'.repeat(129), 'a\u0000b']) {
    assert.equal(readToken(none), null, none);
  }
});

test('what was kept is read, each word under the name of its relay, and nonsense is left out', () => {
  const kept = { [PEER]: WORD, x: WORD, [`${PEER}0`]: WORD, constructor: 'x', [`${PEER}A`]: 'a b' };
  assert.deepEqual(readTokens(JSON.stringify(kept)), { [PEER]: WORD });
  for (const text of [null, '', '{', '[]', 'null', '3', '"x"'])
    assert.deepEqual(readTokens(text), {});
});

test('a newer word takes the place of the old one, and the oldest relay makes room', () => {
  assert.deepEqual(withToken({ [PEER]: 'old' }, PEER, 'new'), { [PEER]: 'new' });
  let tokens = {};
  const names = [...'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz12345'];
  for (const letter of names) tokens = withToken(tokens, PEER + letter, WORD);
  assert.equal(Object.keys(tokens).length, 50);
  assert.equal(Object.hasOwn(tokens, `${PEER}A`), false);
});

test('a link carries the word in its fragment, with the relay that it is for', () => {
  const bare = `https://club.example/chess/#/game/${ID}`;
  const link = linkWithToken(bare, RELAY, { [PEER]: WORD }) ?? '';
  const url = new URL(link);
  assert.equal(url.search, '');
  assert.equal(url.origin + url.pathname, 'https://club.example/chess/');
  const route = { screen: 'game', id: ID, relay: RELAY, token: WORD };
  assert.deepEqual(parseRoute(url.hash), route);
  assert.deepEqual(routeFromPaste(link), route);
  assert.equal(linkWithToken(bare, RELAY, {}), null);
  assert.equal(linkWithToken(bare, null, { [PEER]: WORD }), null);
  assert.equal(linkWithToken('https://club.example/', RELAY, { [PEER]: WORD }), null);
});

test('an address without a word is as it was, and one without a relay keeps its word apart', () => {
  assert.equal(routeHash({ screen: 'game', id: ID, relay: null }), `#/game/${ID}`);
  assert.deepEqual(parseRoute(`#/game/${ID}?token=a%26b`), {
    screen: 'game',
    id: ID,
    relay: null,
    token: 'a&b',
  });
  assert.deepEqual(parseRoute(`#/game/${ID}?token=`), { screen: 'game', id: ID, relay: null });
});

test('a relay is named by the end of its address', () => {
  assert.equal(relayName(RELAY), PEER);
  assert.equal(relayName(null), null);
  assert.equal(relayName('/ip4/127.0.0.1/tcp/1/ws'), null);
});
