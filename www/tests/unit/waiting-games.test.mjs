import assert from 'node:assert/strict';
import { test } from 'node:test';
import { showBadge } from '../../src/device/badge.js';
import { countWaiting, isYourMove, pageTitle } from '../../src/people/waiting-games.js';
import { standingWords } from '../../src/words/words.js';

const game = (changes) => ({ phase: 'playing', you: 'white', turn: 'white', ...changes });

test('a game waits for this player on their own turn, as long as it goes on', () => {
  assert.equal(isYourMove(game({})), true);
  for (const other of [
    { turn: 'black' },
    { turn: undefined },
    { you: null },
    { phase: 'over' },
    { phase: 'open' },
    { goesOnIn: 'f'.repeat(64) },
  ]) {
    assert.equal(isYourMove(game(other)), false, JSON.stringify(other));
  }
  assert.equal(countWaiting([game({}), game({ turn: 'black' }), game({})]), 2);
  assert.equal(standingWords({ ...game({}), result: null }), 'Your move');
  assert.equal(standingWords({ ...game({ turn: 'black' }), result: null }), 'You are White');
});

test('the title counts what waits and says where it is the move on screen', () => {
  assert.equal(pageTitle(false, 0), 'Rookery');
  assert.equal(pageTitle(true, 0), 'Your move · Rookery');
  assert.equal(pageTitle(true, 2), '(2) Your move · Rookery');
});

test('the icon is told once for each number, and a platform without one is left alone', () => {
  const told = [];
  const badged = {
    setAppBadge: (count) => Promise.reject(new Error(`no icon for ${told.push(count)}`)),
    clearAppBadge: async () => void told.push(0),
  };
  for (const count of [0, 2, 2, 1, 0]) showBadge(count, badged);
  assert.deepEqual(told, [0, 2, 1, 0]);
  showBadge(3, {});
});
