import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backRank, chess960Fen, chess960Number, POSITIONS } from '../../src/chess/chess960.js';
import { INITIAL_FEN, playLine } from '../../src/chess/rules.js';
import { startPosition, startWords } from '../../src/chess/start-position.js';

const fields = (changes) => ({ start: 'standard', number: '', fen: '', ...changes });
const never = () => assert.fail('nothing is drawn by lot');

test('the numbers of Chess960 are the usual ones', () => {
  assert.equal(backRank(0), 'BBQNNRKR');
  assert.equal(backRank(518), 'RNBQKBNR');
  assert.equal(backRank(959), 'RKRNNQBB');
  assert.equal(chess960Fen(518), INITIAL_FEN);
});

test('all 960 are different and as the rules ask: bishops on both colours, the king between the rooks', () => {
  const ranks = Array.from({ length: POSITIONS }, (_, number) => backRank(number));
  assert.equal(new Set(ranks).size, POSITIONS);
  for (const rank of ranks) {
    assert.equal([...rank].sort().join(''), 'BBKNNQRR');
    assert.equal((rank.indexOf('B') + rank.lastIndexOf('B')) % 2, 1, rank);
    assert.match(rank, /R.*K.*R/);
  }
  assert.equal(chess960Number(chess960Fen(77)), 77);
  assert.equal(chess960Number('8/8/8/8/8/8/8/8 w - - 0 1'), null);
});

test('a form gives a start, or a sentence', () => {
  assert.deepEqual(startPosition(fields({}), never), { fen: INITIAL_FEN, chess960: false });
  assert.deepEqual(startPosition(fields({ start: 'chess960', number: '0' }), never), {
    fen: chess960Fen(0),
    chess960: true,
  });
  assert.deepEqual(
    startPosition(fields({ start: 'chess960' }), () => 0.9999),
    {
      fen: chess960Fen(959),
      chess960: true,
    },
  );
  for (const number of ['960', '-1', '1.5', 'x']) {
    assert.match(startPosition(fields({ start: 'chess960', number }), never).error, /0 to 959/);
  }
  assert.match(startPosition(fields({ start: 'position' }), never).error, /Paste/);
});

test('castling rights that standard chess does not know make it a game of Chess960', () => {
  const start = (fen) => startPosition(fields({ start: 'position', fen }), never);
  assert.equal(start('r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1').chess960, false);
  assert.equal(start('1r3kr1/8/8/8/8/8/8/1R3KR1 w KQkq - 0 1').chess960, true);
});

test('a start is named', () => {
  const words = (startFen, variant) => startWords({ startFen, variant });
  assert.equal(words(INITIAL_FEN, 'standard'), 'Standard');
  assert.equal(words('4k3/8/8/8/8/8/8/R3K3 w - - 0 1', 'standard'), 'From a position');
  assert.equal(words(chess960Fen(518), 'chess960'), 'Chess960, number 518');
});

test('in Chess960 castling is the move of the king onto its rook', () => {
  const fen = '4k3/8/8/8/8/8/8/2R2KR1 w KQ - 0 1';
  const line = playLine(fen, ['f1c1'], true);
  assert.equal(line.moves[0].uci, 'f1c1');
  assert.equal(line.moves[0].san, 'O-O-O');
  assert.match(line.moves[0].fen, /\/2KR2R1 b/);
});
