// Relays that were found to lie are left where there is another one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Distrust, isGrave } from '../js/distrust.js';

const LIAR = '12D3KooWSc2CP8zA96AmNi5y1PuWPCHUJKcudSJwXLrLvKTC5fPf';
const OTHER = '12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq';
const at = (/** @type {number} */ port, peer = LIAR) => `/ip4/192.0.2.7/tcp/${port}/ws/p2p/${peer}`;

test('a relay that lied is chosen by none of its addresses, as long as there is another one', () => {
  const distrust = new Distrust();
  const addresses = [at(1), at(2, OTHER), at(3)];
  assert.deepEqual(distrust.choose(addresses), addresses);
  distrust.add(at(1));
  assert.equal(distrust.trusts(at(3)), false);
  assert.deepEqual(distrust.choose(addresses), [at(2, OTHER)]);
  assert.deepEqual(distrust.choose([at(1), at(3)]), [at(1), at(3)], 'better than none');
});

test('a relay is left for what is sure, and not for what may be the fault of somebody else', () => {
  for (const code of ['double-receipt', 'splice', 'bad-receipt', 'withheld']) {
    assert.ok(isGrave(code), code);
  }
  for (const code of ['unknown-receipt', 'unconfirmed', 'clock-complaint', 'equivocation']) {
    assert.ok(!isGrave(code), code);
  }
});
