import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcement } from '../../src/words/announcement.js';
import {
  agoWords,
  boardWords,
  resultTitle,
  resultWords,
  shortKey,
  latencyWords,
  roundTrip,
} from '../../src/words/words.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';

test('every ending of a game has its words', () => {
  const says = (outcome, reason) => resultWords({ outcome, reason });
  assert.equal(says('1-0', 'checkmate'), 'White won by checkmate');
  assert.equal(says('0-1', 'timeout'), 'Black won on time');
  assert.equal(says('1/2-1/2', 'agreement'), 'Draw by agreement');
  assert.match(says('1/2-1/2', 'fifty'), /^Draw: 50 moves/);
  assert.match(says('1-0', 'equivocation'), /^White won: /);
  assert.equal(says('*', 'abort'), 'No result: the game was aborted');
  assert.equal(says('1-0', 'something-new'), 'White won: something new');
});

test('the title speaks to whoever reads it', () => {
  const won = { outcome: /** @type {const} */ ('1-0'), reason: 'checkmate' };
  assert.equal(resultTitle(won, 'white'), 'You won');
  assert.equal(resultTitle(won, 'black'), 'You lost');
  assert.equal(resultTitle(won, null), 'White won');
});

test('a board is described square by square', () => {
  const words = boardWords(INITIAL_FEN);
  assert.match(words, /^White to move\. White: king e1, queen d1, rook a1 h1,/);
  assert.match(words, /pawn a7 b7 c7 d7 e7 f7 g7 h7\.$/);
});

test('keys are short and times are near', () => {
  assert.equal(shortKey(`1234${'0'.repeat(56)}cdef`), '1234·cdef');
  assert.equal(agoWords(0, 59_000), 'just now');
  assert.equal(agoWords(0, 3 * 3_600_000), '3 h ago');
  assert.equal(agoWords(0, 26 * 3_600_000), 'yesterday');
});

test('what changed in a game is said in one sentence', () => {
  const before = {
    ply: 0,
    phase: 'playing',
    you: 'white',
    moves: [],
    present: { white: null, black: null },
    offers: { draw: null, takeback: null },
    result: null,
  };
  const move = { ply: 1, san: 'Nf3', uci: 'g1f3', fen: 'x b - - 1 1' };
  const moved = { ...before, ply: 1, moves: [move] };
  assert.equal(announcement(null, moved), '', 'opening a game says nothing');
  assert.equal(announcement(before, before), '');
  assert.equal(announcement(before, moved), 'White: knight f3.');
  assert.equal(announcement(moved, before), 'A move was taken back.');
  const offered = { ...moved, offers: { draw: 'black', takeback: null } };
  assert.equal(announcement(moved, offered), 'Black offers a draw.');
  assert.equal(announcement(moved, { ...offered, you: 'black' }), 'You offer a draw.');
  const over = { ...moved, phase: 'over', result: { outcome: '0-1', reason: 'resignation' } };
  assert.equal(announcement(moved, over), 'Black won by resignation.');
});

test('a round trip takes no more room when it is slow', () => {
  assert.equal(roundTrip(0.4), '0 ms');
  assert.equal(roundTrip(999.4), '999 ms');
  assert.equal(roundTrip(999.6), '1.0 s');
  assert.equal(roundTrip(9940), '9.9 s');
  assert.equal(roundTrip(12_345), '12 s');
  assert.equal(roundTrip(1e9), '99 s');
  assert.match(latencyWords(30), /^30 ms to the relay: good/);
  assert.match(latencyWords(1500), /^1.5 s to the relay: slow/);
  assert.equal(latencyWords(null), '');
});
