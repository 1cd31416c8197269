import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksBefore, CHOICES, DEFAULTS, readSettings } from '../../src/device/settings.js';

test('what is kept is taken where it makes sense, and is as usual elsewhere', () => {
  assert.deepEqual(readSettings(null), DEFAULTS);
  assert.deepEqual(readSettings('{{'), DEFAULTS);
  assert.deepEqual(readSettings('null'), DEFAULTS);
  const kept = readSettings('{"confirmLive":true,"confirmDays":"no","other":1}');
  assert.deepEqual(kept, { ...DEFAULTS, confirmLive: true });
});

test('each choice that the page offers is read back, and no other', () => {
  for (const [name, values] of Object.entries(CHOICES)) {
    for (const value of values) {
      assert.deepEqual(readSettings(JSON.stringify({ [name]: value })), {
        ...DEFAULTS,
        [name]: value,
      });
    }
    assert.deepEqual(readSettings(JSON.stringify({ [name]: 'another' })), DEFAULTS);
  }
  const choices = Object.entries(DEFAULTS).filter(([, value]) => typeof value === 'string');
  assert.deepEqual(Object.keys(CHOICES).sort(), choices.map(([name]) => name).sort());
});

test('by default only moves that have days are asked about', () => {
  const asks = (clock) => asksBefore(DEFAULTS, clock);
  assert.equal(asks({ kind: 'live', initialS: 60, incrementS: 0 }), false);
  assert.equal(asks({ kind: 'days', days: 3 }), true);
  assert.equal(asks({ kind: 'none' }), false);
});
