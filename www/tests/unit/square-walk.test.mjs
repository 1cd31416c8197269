import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INITIAL_FEN } from '../../src/chess/rules.js';
import { placement } from '../../src/words/speech.js';
import { walk } from '../../src/chess/square-walk.js';

const pieces = placement(INITIAL_FEN);
const go = (square, key, { bottom = 'white', shiftKey = false, code = '' } = {}) =>
  walk(square, { key, code, shiftKey }, bottom, pieces);

test('arrows go as the board is seen, and stop at its edge', () => {
  assert.equal(go('e4', 'ArrowUp'), 'e5');
  assert.equal(go('e4', 'ArrowUp', { bottom: 'black' }), 'e3');
  assert.equal(go('e4', 'ArrowLeft', { bottom: 'black' }), 'f4');
  assert.equal(go('h8', 'ArrowRight'), 'h8');
  assert.equal(go('e4', 'Home'), 'a4');
  assert.equal(go('e4', 'End', { bottom: 'black' }), 'a4');
  assert.equal(go('e4', 'PageUp'), 'e8');
  assert.equal(go('e4', 'PageDown'), 'e1');
});

test('digits lead to ranks and, with Shift, to files, whatever the keyboard writes', () => {
  assert.equal(go('e4', '7', { code: 'Digit7' }), 'e7');
  assert.equal(go('e4', '%', { code: 'Digit5', shiftKey: true }), 'e4');
  assert.equal(go('e4', '!', { code: 'Digit1', shiftKey: true }), 'a4');
  assert.equal(go('e4', '9', { code: 'Digit9' }), null);
});

test('letters lead from piece to piece and round again', () => {
  assert.equal(go('a1', 'n'), 'b1');
  assert.equal(go('b1', 'n'), 'g1');
  assert.equal(go('g1', 'n'), 'b8');
  assert.equal(go('g8', 'n'), 'b1');
  assert.equal(go('b1', 'N', { shiftKey: true }), 'g8');
  assert.equal(walk('e4', { key: 'q', code: '', shiftKey: false }, 'white', new Map()), 'e4');
  assert.equal(go('e4', 'z'), null);
});
