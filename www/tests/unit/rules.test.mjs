import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkStart,
  claim,
  destinations,
  endByRule,
  extendLine,
  INITIAL_FEN,
  isPromotion,
  material,
  playLine,
  position,
  repetitions,
} from '../../src/chess/rules.js';

test('a typed FEN is taken in its canonical spelling or refused in a sentence', () => {
  assert.deepEqual(checkStart(`  ${INITIAL_FEN.replace(' w', '  w')} `), {
    fen: INITIAL_FEN,
    chess960: false,
  });
  const refusals = {
    hello: /eight ranks|not a FEN/,
    '8/8/8/8/8/8/8/8 w - - 0 1': /empty|king/i,
    '4k3/8/8/8/8/8/8/8 w - - 0 1': /king/,
    '4k2P/8/8/8/8/8/8/4K3 w - - 0 1': /pawn/i,
    '4k3/4R3/8/8/8/8/8/4K3 w - - 0 1': /check/,
    '7k/5KQ1/8/8/8/8/8/8 b - - 0 1': /already over/,
  };
  for (const [fen, words] of Object.entries(refusals)) {
    assert.match(checkStart(fen).error ?? '', words, fen);
  }
});

test('castling is the step of the king by two squares, however it is written', () => {
  const fen = 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1';
  assert.deepEqual(
    destinations(position(fen), false)
      .e1.filter((to) => to === 'g1' || to === 'c1')
      .sort(),
    ['c1', 'g1'],
  );
  for (const uci of ['e1g1', 'e1h1']) {
    const line = extendLine(playLine(fen, []), uci);
    assert.equal(line?.moves[0].uci, 'e1g1');
    assert.equal(line?.moves[0].san, 'O-O');
  }
});

test('a line stops before the first illegal move', () => {
  const line = playLine(INITIAL_FEN, ['e2e4', 'e7e5', 'e4e5', 'g1f3']);
  assert.equal(line.moves.length, 2);
  assert.equal(extendLine(line, 'e1e3'), null);
  assert.equal(extendLine(line, 'nonsense'), null);
});

test('the rules end the game: mate, stalemate, dead position', () => {
  const end = (fen, ...ucis) => endByRule(playLine(fen, ucis));
  assert.deepEqual(end(INITIAL_FEN, 'f2f3', 'e7e5', 'g2g4', 'd8h4'), {
    outcome: '0-1',
    reason: 'checkmate',
  });
  assert.deepEqual(end('7k/8/6Q1/8/8/8/8/K7 w - - 0 1', 'g6f7'), {
    outcome: '1/2-1/2',
    reason: 'stalemate',
  });
  assert.equal(end('4k3/8/8/8/8/8/4r3/4K3 w - - 0 1', 'e1e2')?.reason, 'dead-position');
  assert.equal(end(INITIAL_FEN, 'e2e4'), null);
});

test('a third repetition may be claimed and a fifth ends the game', () => {
  const shuffle = ['g1f3', 'g8f6', 'f3g1', 'f6g8'];
  const times = (n) => playLine(INITIAL_FEN, Array.from({ length: n }, () => shuffle).flat());
  assert.equal(repetitions(times(1)), 2);
  assert.equal(claim(times(1)), null);
  assert.equal(claim(times(2)), 'threefold');
  assert.equal(endByRule(times(3)), null);
  assert.equal(endByRule(times(4))?.reason, 'fivefold');
});

test('fifty quiet moves may be claimed and seventy-five end the game', () => {
  const at = (halfmoves) => playLine(`4k3/8/8/8/8/8/8/R3K3 w - - ${halfmoves} 90`, ['a1a2']);
  assert.equal(claim(at(98)), null);
  assert.equal(claim(at(99)), 'fifty');
  assert.equal(endByRule(at(148)), null);
  assert.equal(endByRule(at(149))?.reason, 'seventy-five');
});

test('only a pawn on its last rank promotes', () => {
  const fen = '4k3/P7/8/8/8/8/8/R3K3 w - - 0 1';
  assert.equal(isPromotion(fen, 'a7', 'a8'), true);
  assert.equal(isPromotion(fen, 'a1', 'a6'), false);
});

test('material counts what each side has more of', () => {
  assert.deepEqual(material('4k3/pp6/8/8/8/8/P7/R3K3 w - - 0 1'), {
    white: ['rook'],
    black: ['pawn'],
    lead: 4,
  });
});
