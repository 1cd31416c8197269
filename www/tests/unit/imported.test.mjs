import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importFen, importGame } from '../../src/archive/imported-record.js';
import { PgnSplitter } from '../../src/archive/pgn-split.js';

/** @param {string} text @param {number} [size] Characters at a time. */
function split(text, size = text.length) {
  const splitter = new PgnSplitter();
  const games = [];
  for (let at = 0; at < text.length; at += size)
    games.push(...splitter.push(text.slice(at, at + size)));
  return [...games, ...splitter.end()];
}

const TWO = `[Event "A"]
[White "One"]
[Black "Two"]
[Date "1999.03.02"]
[Result "1-0"]

1. e4 e5 {a comment

with [brackets] and a blank line} 2. Qh5 Nc6 (2... g6 3. Qxe5+) 3. Bc4 Nf6?? 4. Qxf7# 1-0

[Event "B"]
[Result "*"]

1. d4 *
`;

test('a file is cut into games, wherever its pieces end', () => {
  for (const size of [1, 7, 64, TWO.length]) {
    const games = split(TWO, size);
    assert.equal(games.length, 2, `pieces of ${size}`);
    assert.match(games[0], /blank line\} 2\. Qh5/);
    assert.match(games[1], /^\[Event "B"\]/);
  }
});

test('games without headers are told apart by their results', () => {
  assert.deepEqual(split('1. e4 e5 1-0\n\n1. d4 d5\n\n2. c4 *\n'), [
    '1. e4 e5 1-0',
    '1. d4 d5\n2. c4 *',
  ]);
});

test('a comment that is never closed does not swallow the next game', () => {
  const games = split('[Event "A"]\n\n1. e4 {open\n\n[Event "B"]\n\n1. d4 *\n');
  assert.equal(games.length, 2);
  assert.equal(importGame(games[1], 0).record?.plies, 1);
});

test('a game is read with its names, day and end', () => {
  const { record, problem } = importGame(split(TWO)[0], 5);
  assert.ok(record);
  assert.equal(problem, '');
  assert.deepEqual(record.result, { outcome: '1-0', reason: 'checkmate' });
  assert.equal(record.white, 'One');
  assert.equal(record.ucis.join(' '), 'e2e4 e7e5 d1h5 b8c6 f1c4 g8f6 h5f7');
  assert.equal(new Date(record.playedMs ?? 0).getFullYear(), 1999);
  assert.match(record.id, /^[0-9a-f]{16}$/);
  assert.equal(
    importGame(split(TWO)[0], 9).record?.id,
    record.id,
    'the same text has the same name',
  );
});

test('a move that cannot be played ends the game there, with a sentence', () => {
  for (const [text, plies, words] of /** @type {[string, number, RegExp][]} */ ([
    ['1. e4 e5 2. Ke3 Nf6 *', 2, /^White – Black: 2\. Ke3 cannot be played/],
    ['1. e4 Nf9 2. d4 d5 *', 1, /1… Nf9 cannot be played/],
    ['1. e4 e5 2. Nf3 hello *', 3, /2… hello cannot/],
    ['1. e4 e5 2. O-O *', 2, /2\. O-O cannot/],
  ])) {
    const { record, problem } = importGame(text, 0);
    assert.equal(record?.plies, plies, text);
    assert.match(problem, words);
    assert.equal(record?.pgn, text, 'the text is kept');
  }
});

test('usual spellings of a main line are no garbage', () => {
  const text =
    '1.e4! e5 2.Nf3 $14 Nc6 (2...d6 (2...f5) 3.d4) 3.Bb5 a6 4.0-0?! Nf6 ; rest nonsense\n5.Re1 += 1/2-1/2';
  const { record, problem } = importGame(text, 0);
  assert.equal(problem, '');
  assert.equal(record?.plies, 9);
  assert.deepEqual(record?.result, { outcome: '1/2-1/2', reason: 'imported' });
});

test('other variants and impossible starts are told, and nothing is made of them', () => {
  const atomic = importGame('[White "A"]\n[Black "B"]\n[Variant "Atomic"]\n\n1. e4 *', 0);
  assert.equal(atomic.record, null);
  assert.match(atomic.problem, /^A – B: “Atomic” has rules of its own/);
  const kings = importGame('[FEN "8/8/8/8/8/8/8/K7 w - - 0 1"]\n\n1. Ka2 *', 0);
  assert.match(kings.problem, /start position is impossible\. Each side needs exactly one king/);
});

test('text that is no game gives nothing, and says nothing', () => {
  assert.deepEqual(importGame('\u0000\u0001PNG whatever', 0).record, null);
});

test('Chess960 castles onto the rook', () => {
  const text =
    '[Variant "Chess960"]\n[FEN "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9"]\n\n9. O-O *';
  const { record } = importGame(text, 0);
  assert.equal(record?.chess960, true);
  const early = importGame(
    '[Variant "Chess960"]\n[FEN "4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1"]\n\n1. O-O *',
    0,
  );
  assert.deepEqual(early.record?.ucis, ['e1h1']);
});

test('a position is kept as a game without moves; an impossible one is a sentence', () => {
  const read = importFen(' 4k3/8/8/8/8/8/8/R3K3   w Q - 0 1 ', 1);
  assert.ok('record' in read);
  assert.equal(read.record.startFen, '4k3/8/8/8/8/8/8/R3K3 w Q - 0 1');
  assert.deepEqual(read.record.result, { outcome: '*', reason: 'position' });
  const mate = importFen('R5k1/5ppp/8/8/8/8/8/4K3 b - - 0 1', 1);
  assert.ok('record' in mate);
  assert.deepEqual(mate.record.result, { outcome: '1-0', reason: 'checkmate' });
  assert.deepEqual(importFen('8/8/8/8/8/8/8/8 w - - 0 1', 1), { error: 'The board is empty.' });
});
