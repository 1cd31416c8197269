import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toggleFollow } from '../../src/people/follows.js';
import { nextGame, orderLive, readLive } from '../../src/people/live-games.js';

const key = (/** @type {string} */ digit) => digit.repeat(64);
const FEN = 'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1';
const game = (/** @type {object} */ change = {}) => ({
  ...{ game: key('a'), white: key('1'), black: key('2'), variant: 'standard', fen: FEN, ply: 1 },
  ...{ clock: { kind: 'live', initialS: 300, incrementS: 3 }, last: 'e2e4' },
  ...{ movedMs: 5, watchers: 0 },
  ...change,
});

test('what a relay answers is read, and what makes no sense in it is left out', () => {
  assert.deepEqual(readLive({ v: 1, games: [game()] }), [game()]);
  for (const odd of [
    { game: 'x' },
    { white: null },
    { fen: '<img src=x>' },
    { fen: '8/8/8/8/8/8/8/8 w - - 0 1' },
    { ply: -1 },
    { clock: { kind: 'sundial' } },
    { clock: null },
  ]) {
    assert.deepEqual(readLive({ v: 1, games: [game(odd), null] }), [], JSON.stringify(odd));
  }
  const [mended] = readLive({ v: 1, games: [game({ last: 'javascript:', watchers: '9' })] });
  assert.deepEqual([mended?.last, mended?.watchers], ['', 0]);
  assert.deepEqual(readLive({ v: 2, games: [game()] }), []);
  assert.deepEqual(readLive(null), []);
  assert.equal(readLive({ v: 1, games: Array(500).fill(game()) }).length, 100);
});

test('games of followed players come first, then those that most watch, each once', () => {
  const [plain, watched, followed] = readLive({
    v: 1,
    games: [
      game(),
      game({ game: key('b'), watchers: 3 }),
      game({ game: key('c'), black: key('7') }),
    ],
  });
  const order = orderLive([plain, watched, followed, plain], [key('7')]);
  assert.deepEqual(order, [followed, watched, plain]);
});

test('after a game its watcher is led to where a player plays on, a followed one first', () => {
  const games = readLive({
    v: 1,
    games: [
      game(),
      game({ game: key('b'), white: key('2'), black: key('8') }),
      game({ game: key('c'), white: key('9'), black: key('1') }),
    ],
  });
  const over = { id: key('a'), white: key('1'), black: key('2') };
  assert.equal(nextGame(games, over, [])?.game, key('b'));
  assert.equal(nextGame(games, over, [key('1')])?.game, key('c'));
  assert.equal(nextGame(games, { ...over, white: key('5'), black: key('6') }, []), null);
});

test('a player is followed, and no more', () => {
  const once = toggleFollow([], key('1'));
  assert.deepEqual(once, [key('1')]);
  assert.deepEqual(toggleFollow(once, key('1')), []);
});
