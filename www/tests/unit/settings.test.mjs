import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asksBefore, DEFAULTS, readSettings } from '../../src/device/settings.js';

test('what is kept is taken where it makes sense, and is as usual elsewhere', () => {
  assert.deepEqual(readSettings(null), DEFAULTS);
  assert.deepEqual(readSettings('{{'), DEFAULTS);
  assert.deepEqual(readSettings('null'), DEFAULTS);
  const kept = readSettings('{"confirmLive":true,"confirmDays":"no","other":1}');
  assert.deepEqual(kept, { ...DEFAULTS, confirmLive: true });
});

test('by default only moves that have days are asked about', () => {
  const asks = (clock) => asksBefore(DEFAULTS, clock);
  assert.equal(asks({ kind: 'live', initialS: 60, incrementS: 0 }), false);
  assert.equal(asks({ kind: 'days', days: 3 }), true);
  assert.equal(asks({ kind: 'none' }), false);
});
