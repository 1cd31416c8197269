import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leavingSaid, leavingWords } from '../../src/table/leaving.js';
import { readCommand } from '../../src/words/commands.js';
import { standingWords } from '../../src/words/words.js';

const game = (changes) => ({
  phase: 'playing',
  you: 'white',
  leaving: 'none',
  goesOnIn: null,
  ...changes,
});

test('each step of leaving the clock has its words, and nothing is said where nobody does', () => {
  assert.equal(leavingWords(game({})), null);
  const titles = ['asked', 'offered', 'accepted'].map(
    (leaving) => leavingWords(game({ leaving }))?.title,
  );
  assert.equal(new Set(titles).size, 3);
  assert.equal(leavingWords(game({ leaving: 'asked', you: null })), null);
  const gone = game({ goesOnIn: 'f'.repeat(64) });
  assert.match(leavingWords(gone)?.words ?? '', /ends without result when its relay/);
  assert.match(leavingWords({ ...gone, phase: 'over', you: null })?.words ?? '', /has no result/);
});

test('who listens hears of an offer, of its end and of the new game, each once', () => {
  const said = (before, now) => leavingSaid(game(before), game(now));
  assert.match(said({}, { leaving: 'asked' }), /opponent offers/);
  assert.match(said({}, { leaving: 'offered' }), /^You offer/);
  assert.match(said({ leaving: 'asked' }, {}), /is gone/);
  assert.equal(said({ leaving: 'asked' }, { leaving: 'asked' }), '');
  const goesOnIn = 'f'.repeat(64);
  assert.match(said({ leaving: 'accepted' }, { goesOnIn }), /goes on without/);
  assert.equal(said({ goesOnIn }, { goesOnIn }), '');
});

test('it is a word that can be typed, and a game that was left is no running one', () => {
  assert.deepEqual(readCommand('untimed'), { wish: 'untimed' });
  const left = { phase: 'playing', result: null, you: 'white', goesOnIn: 'f'.repeat(64) };
  assert.equal(standingWords(left), 'Goes on without the clock');
});
