import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldGame, saveOrHold, withHeld } from '../../src/device/unsaved.js';

const record = (id, updatedMs) => ({ id, updatedMs });
const full = async () => {
  throw new DOMException('full', 'QuotaExceededError');
};

test('what cannot be saved is held, listed among the others, and let go once it is saved', async () => {
  assert.equal(await saveOrHold(record('a', 1), full), false);
  assert.equal(await saveOrHold(record('a', 3), full), false);
  assert.deepEqual(heldGame('a'), record('a', 3));
  const listed = await withHeld(async () => [record('b', 2), record('a', 0)]);
  assert.deepEqual(listed, [record('a', 3), record('b', 2)]);
  assert.deepEqual(await withHeld(full), [record('a', 3)]);
  assert.equal(await saveOrHold(record('a', 4), async () => {}), true);
  assert.equal(heldGame('a'), null);
});
