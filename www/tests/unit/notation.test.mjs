import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMove, sanLine, spokenSan, writePgn } from '../../src/chess/notation.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';

const reads = (fen, text) => readMove(fen, text).uci;

test('a move is read as SAN or UCI, with small slips forgiven', () => {
  for (const text of ['Nf3', 'nf3', ' Nf3! ', 'g1f3', 'g1-f3', 'Ngf3', 'N1f3']) {
    assert.equal(reads(INITIAL_FEN, text), 'g1f3', text);
  }
  assert.equal(reads(INITIAL_FEN, 'e4'), 'e2e4');
  const castle = 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1';
  for (const text of ['O-O', '0-0', 'o-o', 'oo', 'e1g1', 'e1h1']) {
    assert.equal(reads(castle, text), 'e1g1', text);
  }
  assert.equal(reads(castle, '0-0-0'), 'e1c1');
});

test('a promotion is read in every usual spelling and never guessed', () => {
  const fen = '3r2k1/2P5/8/8/8/8/8/4K3 w - - 0 1';
  for (const text of ['cxd8=N', 'cxd8N', 'cxd8n+', 'c7d8n', 'c7d8=N']) {
    assert.equal(reads(fen, text), 'c7d8n', text);
  }
  assert.match(readMove(fen, 'c7c8').error, /becomes/);
  assert.match(readMove(fen, 'c8').error, /becomes/);
});

test('a lower-case b is a pawn where a pawn can move, else a bishop', () => {
  const both = '4k3/8/8/2p5/1P1B4/8/8/4K3 w - - 0 1';
  assert.equal(reads(both, 'bxc5'), 'b4c5');
  assert.equal(reads(both, 'Bxc5'), 'd4c5');
  assert.equal(reads(both, 'be5'), 'd4e5');
});

test('what is no move is refused in words', () => {
  for (const text of ['', 'castle', 'Nf6', 'e2e5', 'Ke2', '<img src=x>']) {
    const { error, uci } = readMove(INITIAL_FEN, text);
    assert.equal(uci, undefined, text);
    assert.ok(error.length > 10, text);
  }
  assert.match(readMove('4k3/8/8/8/8/8/8/R3K2R w - - 0 1', 'Rd1').error ?? 'read', /read/);
  assert.match(readMove('4k3/8/8/8/8/8/4K3/R6R w - - 0 1', 'Rd1').error, /two moves/);
});

test('moves are spoken', () => {
  assert.equal(spokenSan('Nf3'), 'knight f3');
  assert.equal(spokenSan('exd5'), 'pawn e takes d5');
  assert.equal(spokenSan('Nbxd2+'), 'knight b takes d2, check');
  assert.equal(spokenSan('R1a3'), 'rook 1 a3');
  assert.equal(spokenSan('e8=Q#'), 'pawn e8, becomes a queen, checkmate');
  assert.equal(spokenSan('O-O-O'), 'castles long');
});

test('an engine line reads like a book', () => {
  assert.equal(sanLine(INITIAL_FEN, ['e2e4', 'e7e5', 'g1f3']), '1. e4 e5 2. Nf3');
  const black = 'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1';
  assert.equal(sanLine(black, ['e7e5', 'g1f3', 'a1a8']), '1… e5 2. Nf3');
});

test('a game is written as PGN, with its start when it is another', () => {
  const game = {
    white: 'A "quoted" name',
    black: 'B',
    date: new Date(2026, 0, 5),
    sans: ['f3', 'e5', 'g4', 'Qh4#'],
    result: { outcome: /** @type {const} */ ('0-1'), reason: 'checkmate' },
    event: 'Test',
  };
  const pgn = writePgn({ ...game, startFen: INITIAL_FEN });
  assert.match(pgn, /\[Date "2026\.01\.05"\]/);
  assert.match(pgn, /\[White "A \\"quoted\\" name"\]/);
  assert.match(pgn, /1\. f3 e5 2\. g4 Qh4# 0-1/);
  assert.match(pgn, /\[TimeControl "-"\]\n\[Termination "normal"\]/);
  assert.doesNotMatch(pgn, /FEN/);
  const ended = (/** @type {typeof game.result | null} */ result) =>
    /\[Termination "(.*)"\]/.exec(writePgn({ ...game, startFen: INITIAL_FEN, result }))?.[1];
  assert.equal(ended(null), 'unterminated');
  assert.equal(ended({ ...game.result, reason: 'abort' }), 'abandoned');
  const other = writePgn({ ...game, startFen: '4k3/8/8/8/8/8/8/R3K3 w - - 0 1', sans: [] });
  assert.match(other, /\[SetUp "1"\]\n\[FEN "4k3/);
});
