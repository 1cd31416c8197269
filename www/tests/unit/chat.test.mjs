import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanLine, hear, MAX_CHARS, maySay, quietChat, say } from '../../src/table/chat.js';

const texts = (chat) => chat.lines.map(({ text }) => text);

test('a line is one line of visible text, whatever was sent', () => {
  assert.equal(cleanLine('  good \n\t luck \u0000\u0007'), 'good luck');
  assert.equal(cleanLine('abc\u202egnp.exe\u2066x\u200b'), 'abcgnp.exex');
  assert.equal(cleanLine(`a${'\u0301'.repeat(50)}b`), `a${'\u0301'.repeat(3)}b`.normalize('NFD'));
  assert.equal(cleanLine('\u200b \n'), '');
  assert.equal([...cleanLine('\u{1f600}'.repeat(600))].length, MAX_CHARS);
  assert.equal(cleanLine('<b>x</b>'), '<b>x</b>', 'what looks like markup stays text');
});

test('lines that come while the chat is closed are counted', () => {
  let chat = hear(quietChat(false), 'black', 'hi', 0);
  chat = hear(chat, 'black', 'there', 10);
  assert.equal(chat.unread, 2);
  assert.deepEqual(texts(chat), ['hi', 'there']);
  assert.equal(hear(quietChat(true), 'black', 'hi', 0).unread, 0);
});

test('a flood is cut off, told once, and forgiven after a while', () => {
  let chat = quietChat(true);
  for (let i = 0; i < 40; i++) chat = hear(chat, 'black', `line ${i}`, i);
  assert.equal(chat.lines.length, 13);
  assert.match(chat.lines.at(-1).text, /too much at once/);
  assert.equal(chat.lines.at(-1).by, null);
  chat = hear(chat, 'black', 'sorry', 31_000);
  assert.equal(chat.lines.at(-1).text, 'sorry');
});

test('a long talk keeps its newest hundred lines', () => {
  let chat = quietChat(true);
  for (let i = 0; i < 150; i++) chat = hear(chat, 'black', `line ${i}`, i * 5000);
  assert.equal(chat.lines.length, 100);
  assert.equal(chat.lines.at(-1).text, 'line 149');
});

test('who is muted is not shown at all', () => {
  const muted = { ...quietChat(false), muted: true };
  assert.equal(hear(muted, 'black', 'hello?', 0), muted);
});

test('one says twelve lines in half a minute, and then waits', () => {
  let chat = quietChat(true);
  for (let i = 0; i < 12; i++) {
    assert.equal(maySay(chat, i), true);
    chat = say(chat, 'white', 'x', i);
  }
  assert.equal(maySay(chat, 100), false);
  assert.equal(maySay(chat, 30_100), true);
});
