import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scoreText } from '../../src/table/analysis.js';

test('scores are told from the side of White', () => {
  assert.equal(scoreText({ cp: 35 }, false), '+0.35');
  assert.equal(scoreText({ cp: 35 }, true), '−0.35');
  assert.equal(scoreText({ cp: 0 }, true), '0.00');
  assert.equal(scoreText({ mate: 3 }, false), '#3');
  assert.equal(scoreText({ mate: 3 }, true), '#−3');
});
