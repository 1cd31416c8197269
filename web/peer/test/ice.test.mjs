// The servers that relays name for direct connections, be it that they name nonsense.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iceServers, together } from '../js/ice.js';

const TURN = {
  urls: ['turn:t.example:3478', 'turns:t.example:5349'],
  username: 'u',
  credential: 'c',
};

test('a relay is asked by STUN at its own host, and its TURN servers are passed on as they are', () => {
  assert.deepEqual(iceServers({ stun: { port: 3478 }, turn: [TURN] }, 'relay.example'), [
    { urls: 'stun:relay.example:3478' },
    TURN,
  ]);
  assert.deepEqual(iceServers({ stun: { port: 1 } }, '[2001:db8::1]'), [
    { urls: 'stun:[2001:db8::1]:1' },
  ]);
});

test('what is no server is left out, and nothing is sent anywhere else', () => {
  for (const stun of [null, undefined, 7, {}, { port: 0 }, { port: 65_536 }, { port: '3478' }]) {
    assert.deepEqual(iceServers({ stun }, 'h'), []);
  }
  for (const turn of [
    ...[null, {}, 'turn:t', [null], [7], [{}], [{ ...TURN, urls: [] }]],
    ...[[{ ...TURN, username: 7 }], [{ ...TURN, credential: 'x'.repeat(501) }]],
    [{ ...TURN, urls: ['https://t.example', 'turn:', 'turn:a b', 7] }],
  ]) {
    assert.deepEqual(iceServers({ turn }, 'h'), [], JSON.stringify(turn));
  }
  const many = iceServers({ turn: Array(20).fill(TURN) }, 'h');
  assert.equal(many.length, 4);
});

test('of several relays each server is asked once, and four at most', () => {
  const stun = (/** @type {string} */ host) => ({ urls: `stun:${host}:3478` });
  assert.deepEqual(together([[stun('a'), TURN], [stun('a')], [stun('b')]]), [
    stun('a'),
    TURN,
    stun('b'),
  ]);
  assert.equal(together(['a', 'b', 'c', 'd', 'e'].map((host) => [stun(host)])).length, 4);
});
