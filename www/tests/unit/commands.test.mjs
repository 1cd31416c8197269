import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answer, clocksWords } from '../../src/words/answers.js';
import { readCommand } from '../../src/words/commands.js';
import { LocalGame, newRecord } from '../../src/table/local-game.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';
import { callSquares } from '../../src/words/speech.js';
import { freshTable, reduceTable } from '../../src/table/table-state.js';

test('moves are no commands, whatever they look like', () => {
  for (const move of [
    'e4',
    'Nf3',
    'nf3',
    'b4',
    'bxc3',
    'g1f3',
    'g1 f3',
    'O-O',
    'c8=Q',
    'Rb1',
    'xyz',
    '',
  ]) {
    assert.equal(readCommand(move), null, move);
  }
});

test('questions are read in short and in words', () => {
  assert.deepEqual(readCommand('p N'), { ask: 'piece', role: 'knight', colour: null });
  assert.deepEqual(readCommand('p n'), { ask: 'piece', role: 'knight', colour: null });
  assert.deepEqual(readCommand(' piece  black rooks '), {
    ask: 'piece',
    role: 'rook',
    colour: 'black',
  });
  assert.deepEqual(readCommand('p white'), { ask: 'side', colour: 'white' });
  assert.deepEqual(readCommand('/s E4'), { ask: 'square', place: 'e4' });
  assert.deepEqual(readCommand('s 4'), { ask: 'line', place: '4' });
  assert.deepEqual(readCommand('r 4'), { ask: 'line', place: '4' });
  assert.deepEqual(readCommand('f e'), { ask: 'line', place: 'e' });
  assert.deepEqual(readCommand('c'), { ask: 'clocks' });
  assert.deepEqual(readCommand('l'), { ask: 'last', count: 1 });
  assert.deepEqual(readCommand('last 4'), { ask: 'last', count: 4 });
  assert.deepEqual(readCommand('m'), { ask: 'material' });
  assert.deepEqual(readCommand('m g1'), { ask: 'moves', from: 'g1' });
  assert.deepEqual(readCommand('moves'), { ask: 'moves', from: '' });
  assert.deepEqual(readCommand('?'), { ask: 'help' });
});

test('wishes are read, and what is said keeps its letters', () => {
  assert.deepEqual(readCommand('Resign'), { wish: 'resign' });
  assert.deepEqual(readCommand('accept'), { wish: 'yes' });
  assert.deepEqual(readCommand('undo'), { wish: 'takeback' });
  assert.deepEqual(readCommand('say  Good  Game'), { wish: 'say', text: 'Good  Game' });
});

test('half a question is answered with how it is typed', () => {
  for (const [typed, words] of [
    ['p', 'Name a kind of piece, as: p N for knights.'],
    ['p dragon', 'Name a kind of piece, as: p N for knights.'],
    ['p knight rook', 'Name a kind of piece, as: p N for knights.'],
    ['s e9', 'Name a square, as: s e4.'],
    ['r 9', 'Name a rank, as: r 4.'],
    ['f 4', 'Name a file, as: f e.'],
    ['l 0', 'Say how many moves, as: l 4.'],
    ['say', 'Type what you want to say, as: say hello.'],
  ]) {
    assert.deepEqual(readCommand(typed), { error: words }, typed);
  }
});

/** A table after some moves against nobody. */
function tableAfter(...ucis) {
  const record = {
    ...newRecord({ id: '00', kind: 'computer', nowMs: 0, startFen: INITIAL_FEN }),
    ucis,
  };
  const mind = { think: () => new Promise(() => {}), takesDraw: () => false };
  const local = new LocalGame(record, { mind, save: async () => {}, now: () => 0 });
  return reduceTable(freshTable('computer', '00'), {
    ...{ type: 'table-game', id: '00', game: local.state, clocks: local.clocks(), link: '' },
    ...{ computer: 'Level 1', thinking: false, turning: false },
  });
}

const ask = (text, table) => answer(readCommand(text), table, 'Computer, level 1.');

test('what is asked is answered from the position', () => {
  const table = tableAfter('e2e4', 'd7d5', 'e4d5');
  assert.equal(ask('p n', table), 'White knights: b1, g1. Black knights: b8, g8.');
  assert.equal(ask('p white k', table), 'White king: e1.');
  assert.equal(ask('s d5', table), 'd5: white pawn.');
  assert.equal(ask('s e4', table), 'e4 is empty.');
  assert.equal(ask('r 4', table), 'Rank 4 is empty.');
  assert.equal(ask('r 5', table), 'Rank 5: white pawn d5.');
  assert.equal(ask('f e', table), 'File e: white king e1, black pawn e7, black king e8.');
  assert.match(
    ask('m', table),
    /^White: 1 queen, 2 rooks, .*8 pawns\. Black: .*7 pawns\. White is ahead by 1\.$/,
  );
  assert.equal(ask('l', table), '2, White: pawn e takes d5.');
  assert.equal(ask('l 2', table), '1, Black: pawn d5. 2, White: pawn e takes d5.');
  assert.equal(ask('m d8', table), 'black queen d8 to d5, d6, d7.');
  assert.equal(ask('m e8', table), 'black king e8 to d7.');
  assert.equal(ask('m a8', table), 'black rook a8 cannot move.');
  assert.equal(ask('m a4', table), 'a4 is empty.');
  assert.equal(ask('c', table), 'This game has no clock.');
  assert.equal(ask('o', table), 'Computer, level 1.');
  assert.equal(ask('w', table), 'Their move.');
  assert.match(ask('help', table), /s e4: what stands on e4\./);
  assert.equal(ask('l', tableAfter()), 'No move was made yet.');
});

test('clocks are said without tenths', () => {
  assert.equal(
    clocksWords({ whiteMs: 61_000, blackMs: 9_400, running: 'black', firstMoveMs: null }),
    'White: 1 minute 1 second. Black: 10 seconds, running.',
  );
});

test('squares are called as it is wished, and articles stay', () => {
  assert.equal(
    callSquares('knight b takes d2, becomes a queen', 'nato'),
    'knight bravo takes delta 2, becomes a queen',
  );
  assert.equal(callSquares('File e: white king e1.', 'anna'), 'File eva: white king eva 1.');
  assert.equal(callSquares('pawn e4', 'plain'), 'pawn e4');
});
