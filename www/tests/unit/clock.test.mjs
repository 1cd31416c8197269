import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  chosenClock,
  clockFace,
  clockLabel,
  clockSpoken,
  clockWords,
  customClock,
} from '../../src/table/clock.js';

test('a clock never shows more time than is left rounded up, and zero only at zero', () => {
  assert.equal(clockFace(300_000), '5:00');
  assert.equal(clockFace(299_001), '5:00');
  assert.equal(clockFace(299_000), '4:59');
  assert.equal(clockFace(10_000), '0:10');
  assert.equal(clockFace(9_999), '0:10');
  assert.equal(clockFace(9_400), '0:09.4');
  assert.equal(clockFace(1), '0:00.1');
  assert.equal(clockFace(0), '0:00.0');
  assert.equal(clockFace(-50), '0:00.0');
  assert.equal(clockFace(3_723_000), '1:02:03');
  assert.equal(clockFace(2 * 86_400_000 + 4 * 3_600_000), '2 d 04:00');
});

test('a clock is spoken without tenths', () => {
  assert.equal(clockSpoken(61_200), '1 minute 2 seconds');
  assert.equal(clockSpoken(0), 'no time');
  assert.equal(clockSpoken(86_400_000), '1 day');
});

test('time controls have a label and a sentence', () => {
  assert.equal(clockLabel({ kind: 'live', initialS: 180, incrementS: 2 }), '3 + 2');
  assert.equal(clockLabel({ kind: 'live', initialS: 45, incrementS: 0 }), '45 s + 0');
  assert.equal(clockLabel({ kind: 'days', days: 1 }), '1 day');
  assert.equal(clockLabel({ kind: 'none' }), 'Untimed');
  assert.equal(clockWords({ kind: 'live', initialS: 60, incrementS: 0 }), '1 minute each');
});

test('custom time is read or refused in words', () => {
  assert.deepEqual(customClock('1.5', '0'), {
    clock: { kind: 'live', initialS: 90, incrementS: 0 },
  });
  for (const [minutes, increment] of [
    ['', '0'],
    ['0', '0'],
    ['181', '0'],
    ['five', '0'],
    ['5', '-1'],
    ['5', '1.5'],
    ['5', ''],
  ]) {
    assert.match(customClock(minutes, increment).error ?? '', /must be/, `${minutes}+${increment}`);
  }
});

test('a filled-in form gives a clock or a sentence', () => {
  const form = (changes) =>
    chosenClock({ preset: '5+3', minutes: '', increment: '', days: '', ...changes });
  assert.deepEqual(form({}), { clock: { kind: 'live', initialS: 300, incrementS: 3 } });
  assert.deepEqual(form({ preset: 'days', days: '7' }), { clock: { kind: 'days', days: 7 } });
  assert.match(form({ preset: 'days', days: '1.5' }).error ?? '', /whole number/);
  assert.match(form({ preset: 'days', days: '' }).error ?? '', /1 to 366/);
  assert.match(form({ preset: 'custom' }).error ?? '', /Minutes/);
  assert.deepEqual(form({ preset: 'none' }), { clock: { kind: 'none' } });
});
