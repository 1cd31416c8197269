import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrowPoints } from '../../src/view/arrow.js';

const points = (...args) =>
  arrowPoints(...args)
    .split(' ')
    .map((point) => point.split(',').map(Number));

test('an arrow ends in the middle of its square, from either side of the board', () => {
  assert.deepEqual(points('e2', 'e4', 'white')[3], [4.5, 4.5]);
  assert.deepEqual(points('e2', 'e4', 'black')[3], [3.5, 3.5]);
  assert.deepEqual(points('g1', 'f3', 'white')[3], [5.5, 5.5]);
});

test('it begins beside the middle of the other square and is as wide on both sides', () => {
  const shape = points('a1', 'a8', 'white');
  assert.deepEqual(shape[0], [0.6, 7.25]);
  assert.deepEqual(shape.at(-1), [0.4, 7.25]);
});
