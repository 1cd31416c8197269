import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imagine, premoveDests, premoveUci } from '../../src/table/premoves.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';

const AFTER_E4 = 'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1';
const CASTLING = 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1';

test('a piece may be told to go wherever it could go on an empty board, onto its own side too', () => {
  const dests = premoveDests(AFTER_E4, 'white', false);
  assert.deepEqual(dests.g1.sort(), ['e2', 'f3', 'h3']);
  assert.ok(dests.f1.includes('b5') && dests.f1.includes('g2'));
  assert.deepEqual(dests.e4.sort(), ['d5', 'e5', 'f5'], 'a pawn may take what is not there yet');
  assert.deepEqual(dests.a2.sort(), ['a3', 'a4', 'b3']);
  assert.ok(!dests.d1.includes('e1'), 'never onto the own king');
  assert.equal(dests.e7, undefined, 'only the own pieces');
});

test('castling in advance needs the right to it, and in Chess960 leads to the rook', () => {
  assert.ok(['g1', 'c1'].every((to) => premoveDests(CASTLING, 'white', false).e1.includes(to)));
  const lost = premoveDests(CASTLING.replace('KQkq', 'Kkq'), 'white', false).e1;
  assert.ok(lost.includes('g1') && !lost.includes('c1'));
  const there = premoveDests('1r2k1r1/8/8/8/8/8/8/1R2K1R1 w KQkq - 0 1', 'white', true).e1;
  assert.ok(there.includes('b1') && there.includes('g1') && !there.includes('c1'));
});

test('several premoves stand on each other', () => {
  const premoves = [
    { from: 'g1', to: 'f3' },
    { from: 'f1', to: 'b5' },
    { from: 'e1', to: 'g1' },
    { from: 'f3', to: 'e5' },
  ];
  const { fen, names } = imagine(AFTER_E4, 'white', premoves, false);
  assert.match(fen, /^rnbqkbnr\/pppppppp\/8\/1B2N3\/4P3\/8\/PPPP1PPP\/RNBQ1RK1 w kq -/);
  assert.deepEqual(names, ['Ng1–f3', 'Bf1–b5', 'O-O', 'Nf3–e5']);
});

test('what no own piece can do moves nothing, and a pawn becomes a queen unless it is told', () => {
  const stale = imagine(AFTER_E4, 'white', [{ from: 'e7', to: 'e5' }], false);
  assert.match(stale.fen, /^rnbqkbnr\/pppppppp\/8\/8\/4P3/);
  const pawns = '7k/P7/8/8/8/8/8/K7 b - - 0 1';
  assert.match(imagine(pawns, 'white', [{ from: 'a7', to: 'a8' }], false).fen, /^Q6k/);
  const knight = imagine(pawns, 'white', [{ from: 'a7', to: 'a8', role: 'n' }], false);
  assert.match(knight.fen, /^N6k/);
  assert.deepEqual(knight.names, ['a7–a8=N']);
});

test('a premove is played as a legal move or not at all', () => {
  const fen = 'rnbqkbnr/ppp1pppp/8/3p4/4P3/8/PPPP1PPP/RNBQKBNR w KQkq - 0 2';
  assert.equal(premoveUci(fen, { from: 'e4', to: 'd5' }, false), 'e4d5');
  assert.equal(premoveUci(INITIAL_FEN, { from: 'e4', to: 'd5' }, false), null);
  assert.equal(premoveUci(INITIAL_FEN, { from: 'g1', to: 'e2' }, false), null, 'the pawn is there');
  assert.equal(
    premoveUci('7k/P7/8/8/8/8/8/K7 w - - 0 1', { from: 'a7', to: 'a8' }, false),
    'a7a8q',
  );
  assert.equal(premoveUci(CASTLING, { from: 'e1', to: 'g1' }, false), 'e1g1');
  assert.equal(premoveUci(CASTLING, { from: 'e1', to: 'h1' }, true), 'e1h1');
});
