import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handText, readHandText } from '../js/by-hand.js';

test('moves as a text survive what messengers do to them', () => {
  const bytes = Uint8Array.from({ length: 700 }, (_, i) => (i * 37) % 256);
  const text = handText(bytes);
  assert.match(text, /^rookery-moves:[A-Za-z0-9_-]+$/);
  assert.deepEqual(readHandText(text), bytes);
  assert.deepEqual(readHandText(`Here it is:\n${text}.`), bytes);
  assert.deepEqual(readHandText(text.replace(/(.{60})/g, '$1\n')), bytes);
});

test('what is no such text is refused in words', () => {
  for (const bad of ['', 'hello', 'rookery-moves:', 'rookery-moves:!', 'rookery-moves:A']) {
    assert.throws(
      () => readHandText(bad),
      ({ code, message }) => code === 'bad-input' && message.length > 20,
    );
  }
  assert.throws(() => readHandText('rookery-moves:' + 'A'.repeat(200_000)), { code: 'bad-input' });
});
