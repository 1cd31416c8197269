import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANY, archiveEntries, findEntries, isoDay } from '../../src/archive/archive.js';
import { sizeWords, whatIs } from '../../src/archive/intake.js';
import { newRecord } from '../../src/table/local-game.js';

const DAY = 86_400_000;
const NOW = new Date(2026, 4, 20, 12).getTime();
const KEY = 'abcd'.padEnd(60, '0') + 'ef01';
const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

const localGames = [
  newRecord({
    ...{ id: '1'.repeat(16), kind: 'computer', startFen: START, nowMs: NOW - DAY },
    ...{ level: 4, levelName: 'Club', you: 'black', ucis: ['e2e4'] },
    result: { outcome: '0-1', reason: 'checkmate' },
  }),
  newRecord({ id: '2'.repeat(16), kind: 'board', startFen: START, nowMs: NOW - 9 * DAY }),
];
const games = [
  {
    ...{ id: 'ab'.repeat(32), createdMs: NOW, you: 'white', opponent: KEY, ply: 5, phase: 'over' },
    ...{ result: { outcome: '1/2-1/2', reason: 'agreement' } },
    clock: { kind: 'live', initialS: 300, incrementS: 3 },
  },
];
const imported = [
  {
    ...{ id: '3'.repeat(16), kind: 'game', importedMs: NOW, playedMs: NOW - 9000 * DAY },
    ...{ white: 'Deep Blue', black: 'Kasparov', event: 'Match', plies: 37 },
    result: { outcome: '1-0', reason: 'imported' },
  },
];
const entries = archiveEntries({ localGames, games, imported });
const titles = (query) => findEntries(entries, { ...ANY, ...query }).map(({ title }) => title);

test('what runs comes first, then the newest', () => {
  assert.deepEqual(titles({}), [
    'At one board',
    'Player abcd·ef01',
    'Computer, level 4 (Club)',
    'Deep Blue – Kasparov',
  ]);
});

test('games are found by words, kind, result and day', () => {
  assert.deepEqual(titles({ text: 'kasparov deep' }), ['Deep Blue – Kasparov']);
  assert.deepEqual(titles({ text: '5 + 3' }), ['Player abcd·ef01']);
  assert.deepEqual(titles({ text: 'nobody' }), []);
  assert.deepEqual(titles({ kind: 'board' }), ['At one board']);
  assert.deepEqual(titles({ outcome: 'won' }), ['Computer, level 4 (Club)']);
  assert.deepEqual(titles({ outcome: 'drawn' }), ['Player abcd·ef01']);
  assert.deepEqual(titles({ outcome: 'none' }), ['Deep Blue – Kasparov'], 'nobody here won it');
  const today = isoDay(NOW);
  assert.deepEqual(titles({ from: today, to: today }), ['Player abcd·ef01']);
  assert.deepEqual(titles({ to: '2010-01-01' }), ['Deep Blue – Kasparov']);
});

test('what is brought is told apart by its content', () => {
  const id = 'ab'.repeat(32);
  for (const [kind, text] of [
    ['link', `https://x.example/r/#/game/${id}?relay=/dns4/a`],
    ['link', id],
    ['fen', START],
    ['fen', ' 8/8/8/8/8/8/8/8 w - - 0 1\n'],
    ['pgn', '[Event "x"]\n\n1. e4 *'],
    ['pgn', 'Look at this:\n1. e4 e5'],
    ['pgn', '\ufeff1.d4'],
    ['json', '{ "kind": "rookery-settings" }'],
    ['unknown', 'hello'],
    ['unknown', ''],
    ['unknown', '\u0089PNG\r\n'],
  ]) {
    assert.equal(whatIs(text).kind, kind, text);
  }
});

test('sizes are said in words', () => {
  assert.equal(sizeWords(10), '1 kB');
  assert.equal(sizeWords(50_000_000), '50 MB');
});
