import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isToken, Tokens } from '../js/tokens.js';

test('a token is for its own relay, and one that was not taken is not tried again', () => {
  const tokens = new Tokens({ one: 'open-sesame', two: 'no spaces', three: '' });
  assert.equal(tokens.of('one'), 'open-sesame');
  assert.equal(tokens.of('two'), undefined);
  assert.equal(tokens.of('three'), undefined);
  assert.equal(tokens.of('toString'), undefined);
  tokens.drop('one');
  assert.equal(tokens.of('one'), undefined);
  tokens.set('one', 'another');
  assert.equal(tokens.of('one'), 'another');
});

test('what no host gives is no token', () => {
  assert.equal(isToken('a'.repeat(128)), true);
  for (const no of [undefined, 3, '', 'a b', 'ä', 'a'.repeat(129)])
    assert.equal(isToken(no), false);
});
