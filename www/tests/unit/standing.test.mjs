import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absenceWords } from '../../src/table/absence.js';
import { clockStands, standing } from '../../src/table/standing.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';
import { announcement } from '../../src/words/announcement.js';

const game = (changes) => ({
  phase: 'playing',
  you: 'white',
  turn: 'black',
  fen: INITIAL_FEN,
  clock: { kind: 'live', initialS: 300, incrementS: 0 },
  present: { white: true, black: true },
  ply: 1,
  moves: [],
  offers: { draw: null, takeback: null },
  result: null,
  home: 'heard',
  ...changes,
});
const CLOCKS = { whiteMs: 300_000, blackMs: 151_000, running: null, firstMoveMs: null };

test('a player reads why the clock stands, and nothing while the relay is heard', () => {
  assert.equal(standing(game({})), null);
  assert.equal(standing(game({ home: 'away', phase: 'over' })), null);
  for (const home of ['away', 'alone', 'moving', 'asked']) {
    const { title, short, words } = standing(game({ home }));
    assert.ok(title && short.length < 60 && words.length > 60, home);
    assert.equal(clockStands(game({ home })), home !== 'asked');
  }
});

test('it is said when the clock stops and when it runs again, each once', () => {
  const said = (before, now) => announcement(game({ home: before }), game({ home: now }), CLOCKS);
  assert.match(said('heard', 'alone'), /^The clock stands\. .* your opponent has not\./);
  assert.match(said('alone', 'away'), /no other relay of it is in reach/);
  assert.equal(said('alone', 'alone'), '');
  assert.equal(said('moving', 'heard'), 'The game goes on, and the clock runs again.');
  assert.equal(said('asked', 'heard'), '');
});

test('no flag is said to fall while the clock stands', () => {
  const gone = { present: { white: true, black: false } };
  assert.match(absenceWords(game(gone), CLOCKS), /flag falls/);
  assert.equal(absenceWords(game({ ...gone, home: 'alone' }), CLOCKS), '');
});
