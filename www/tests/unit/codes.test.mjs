import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeLabel, codeOf, codeSpoken, gameOf, readCode } from '../../src/people/codes.js';

test('a code is read as people type it', () => {
  for (const typed of [
    'K7QM2X9P',
    'k7qm-2x9p',
    ' K7QM 2X9P\n',
    'K 7 Q M 2 X 9 P',
    'k7qm\u20132x9p',
    '-K7QM--2X9P-',
  ]) {
    assert.equal(readCode(typed), 'K7QM2X9P', typed);
  }
  assert.equal(readCode('OIL0-1oil'), '01101011');
  assert.equal(readCode('ooii-llOI'), '00111101');
});

test('what is no code is none', () => {
  for (const typed of [
    '',
    'K7QM2X9',
    'K7QM2X9PA',
    'K7QMUX9P',
    'K7QM.2X9P',
    '1. e4 e5',
    'K7QM2X9é',
    '\u202eK7QM2X9',
    'ab'.repeat(32),
    ' '.repeat(100_000),
  ]) {
    assert.equal(readCode(typed), null, JSON.stringify(typed.slice(0, 20)));
  }
});

test('a code is shown in two groups and spoken letter by letter', () => {
  assert.equal(codeLabel('K7QM2X9P'), 'K7QM-2X9P');
  assert.equal(codeSpoken('K7QM2X9P'), 'K 7 Q M, 2 X 9 P');
});

/**
 * The relays of a site, each by what it answers to a path.
 * @param {import('node:test').TestContext} t
 * @param {Record<string, (path: string, method: string, word?: string) => [number, unknown] | null>} relays
 */
function world(t, relays) {
  t.mock.method(globalThis, 'fetch', async (url, { method = 'GET', headers = {} } = {}) => {
    const { origin, pathname } = new URL(url);
    if (pathname === '/page/rookery.json') return Response.json({ relays: Object.keys(relays) });
    const answer = relays[`${origin}/`]?.(pathname, method, headers.authorization);
    if (!answer) throw new TypeError('nobody answers');
    return Response.json(answer[1], { status: answer[0] });
  });
}

const card = (/** @type {string} */ path) =>
  path === '/.well-known/rookery.json'
    ? /** @type {[number, unknown]} */ ([200, { codes: '/codes' }])
    : null;
const GAME = 'ab'.repeat(32);

// The page asks for its relays once, so one world is behind all of these.
test('the relays of the page are asked in turn, and what is hostile or wrong is no answer', async (t) => {
  globalThis.document = /** @type {any} */ ({ baseURI: 'http://site/page/' });
  /** @type {[number, unknown] | null} */
  let first = null;
  /** @type {[number, unknown]} */
  let second = [404, { error: 'unknown-code' }];
  /** @type {unknown} */
  let offer = '/codes';
  /** What the relays were told. @type {Record<string, string | undefined>} */
  const told = {};
  let secret = {};
  const asked = /** @type {string[]} */ ([]);
  world(t, {
    'http://old/': (path) => {
      if (path === '/.well-known/rookery.json') return [200, { live: '/live.json' }];
      asked.push(`old ${path}`);
      return [404, {}];
    },
    'http://first/': (path, _, word) => {
      if (path === '/.well-known/rookery.json') return [200, { codes: offer, ...secret }];
      told.first = word;
      return first;
    },
    'http://second/': (path, method, word) => {
      if (card(path)) return card(path);
      told.second = word;
      asked.push(`${method} ${path}`);
      return second;
    },
  });
  assert.deepEqual(await gameOf('K7QM2X9P'), { no: 'silent' }, 'the first may know it');
  first = [404, {}];
  assert.deepEqual(await gameOf('K7QM2X9P'), { no: 'unknown' });
  first = [429, {}];
  assert.deepEqual(await gameOf('K7QM2X9P'), { no: 'limited' });
  second = [200, { game: GAME }];
  assert.deepEqual(await gameOf('K7QM2X9P'), { game: GAME }, 'one that knows it is enough');
  assert.equal(asked.at(-1), 'GET /codes/K7QM2X9P');
  first = [503, {}];
  second = [404, {}];
  assert.deepEqual(await codeOf(GAME), { no: 'full' });
  assert.equal(asked.at(-1), `POST /codes/${GAME}`);
  first = [404, {}];
  for (const game of ['javascript:alert(1)', 5, null, `${GAME}x`, GAME.toUpperCase()]) {
    second = [200, { game }];
    assert.deepEqual(await gameOf('K7QM2X9P'), { no: 'unknown' }, String(game));
  }
  for (const [code, holdsMs] of [
    ['<img src=x>', 1000],
    ['K7QM2X9P', -5],
    ['K7QM2X9P', 'soon'],
    ['k7qm2x9p', 1000],
    [undefined, undefined],
  ]) {
    second = [200, { code, holdsMs }];
    assert.deepEqual(await codeOf(GAME), { no: 'unknown' }, String(code));
  }
  second = [200, { code: 'K7QM2X9P', holdsMs: 1e300 }];
  assert.deepEqual(await codeOf(GAME), { code: 'K7QM2X9P', holdsMs: 86_400_000 });
  // A private one wants its word first, and no other relay is told it.
  first = [401, { error: 'token-needed' }];
  second = [404, {}];
  assert.deepEqual(await gameOf('K7QM2X9P'), { no: 'private' });
  const peer = '12D3KooWEC7C2fJT9x8UxQBuZX9PTzAkhdmGSt2QyCFPbGvhdrt4';
  globalThis.localStorage = /** @type {any} */ ({
    getItem: () => JSON.stringify({ [peer]: 'open-sesame' }),
  });
  assert.deepEqual(await gameOf('K7QM2X9P'), { no: 'private' });
  assert.equal(told.first, undefined, 'it does not say that it is private');
  secret = { peer_id: peer, private: true };
  await gameOf('K7QM2X9P');
  assert.deepEqual(told, { first: 'Bearer open-sesame', second: undefined });
  // A relay that sends the page elsewhere is not followed.
  offer = 'http://elsewhere/codes';
  first = [200, { code: '00000000', holdsMs: 1 }];
  second = [404, {}];
  assert.deepEqual(await codeOf(GAME), { no: 'unknown' });
  assert.ok(!asked.some((one) => one.startsWith('old')), 'one that offers no codes is not asked');
});
