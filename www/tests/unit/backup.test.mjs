import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  openKeyFile,
  passphraseProblem,
  readBackup,
  writeKeyFile,
  writeSettingsFile,
} from '../../src/archive/backup.js';
import { backupDue, NO_KEEPSAKE } from '../../src/archive/keepsake.js';
import { DEFAULTS } from '../../src/device/settings.js';

const PLAYER = 'ab'.repeat(32);
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i * 7);

test('settings come back as they were; what is unknown or wrong is as by default', () => {
  const settings = { ...DEFAULTS, confirmLive: true, chat: false };
  assert.deepEqual(readBackup(writeSettingsFile(settings, 'dark')), {
    kind: 'settings',
    settings,
    theme: 'dark',
  });
  const odd = readBackup(
    '{"kind":"rookery-settings","v":1,"settings":{"chat":"yes","x":1},"theme":"<b>"}',
  );
  assert.deepEqual(odd, { kind: 'settings', settings: { ...DEFAULTS }, theme: 'auto' });
});

test('a key comes back with its passphrase only, and only for its player', async () => {
  const text = await writeKeyFile(SECRET, PLAYER, 'four words make it');
  assert.ok(!text.includes(Buffer.from(SECRET).toString('base64')));
  const read = readBackup(text);
  assert.equal(read.kind, 'key');
  assert.deepEqual(await openKeyFile(read.key, 'four words make it'), SECRET);
  assert.equal(await openKeyFile(read.key, 'four words make It'), null);
  const other = readBackup(text.replace(PLAYER, 'cd'.repeat(32)));
  assert.equal(await openKeyFile(other.key, 'four words make it'), null);
});

test('what is damaged, strange or newer is refused in a sentence', async () => {
  const text = await writeKeyFile(SECRET, PLAYER, 'four words make it');
  for (const [damaged, words] of [
    [text.slice(0, -20), /damaged/],
    [text.replace('"v": 1', '"v": 2'), /newer version/],
    [text.replace('600000', '99999999999'), /key is damaged/],
    [text.replace('PBKDF2', 'MD5'), /key is damaged/],
    [text.replace(/"salt": "[^"]*"/, '"salt": "*"'), /key is damaged/],
    ['{"kind":"other"}', /no file of Rookery/],
    ['null', /no file of Rookery/],
    ['{"kind":"rookery-key","v":1}', /key is damaged/],
  ]) {
    const read = readBackup(damaged);
    assert.equal(read.kind, 'error', damaged.slice(0, 60));
    assert.match(read.error, words);
  }
});

test('a passphrase is long enough and typed twice', () => {
  assert.match(passphraseProblem('short', 'short'), /at least 8/);
  assert.match(passphraseProblem('long enough', 'long enouhg'), /not the same/);
  assert.equal(passphraseProblem('long enough', 'long enough'), '');
});

test('the reminder comes after the first game with somebody, until the key is saved or for two weeks', () => {
  const now = 1e12;
  const over = { phase: 'over', you: 'white' };
  const due = (keepsake, games, player = PLAYER) =>
    backupDue({ keepsake: { ...NO_KEEPSAKE, ...keepsake }, player, games, onScreen: null }, now);
  assert.equal(due({}, []), false);
  assert.equal(due({}, [{ phase: 'playing', you: 'white' }]), false);
  assert.equal(due({}, [{ phase: 'over', you: null }]), false, 'a watched game');
  assert.equal(due({}, [over]), true);
  assert.equal(due({ savedFor: PLAYER }, [over]), false);
  assert.equal(due({ savedFor: 'cd'.repeat(32) }, [over]), true, 'another key was saved');
  assert.equal(due({ laterMs: now - 86_400_000 }, [over]), false);
  assert.equal(due({ laterMs: now - 15 * 86_400_000 }, [over]), true);
  assert.equal(due({}, [over], null), false);
});
