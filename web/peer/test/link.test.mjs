// Links that invite to a game, as people paste them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLink, isMultiaddr, parseLink } from '../js/link.js';

const ID = 'ab'.repeat(32);
const RELAY =
  '/ip4/192.0.2.7/udp/4752/webrtc-direct/certhash/uEiBBpesCs2O_-uQHfgI6XP9hdSClFIrE_TU22s9IB-LeIw/p2p/12D3KooWEC7C2fJT9x8UxQBuZX9PTzAkhdmGSt2QyCFPbGvhdrt4';

test('a link that was made is read back, whatever page it leads to', () => {
  for (const base of ['https://example.org/chess/', 'http://[::1]:4780/?x=1#/old', '']) {
    assert.deepEqual(parseLink(formatLink(base, ID, RELAY)), {
      id: ID,
      relay: RELAY,
      transport: null,
    });
    assert.deepEqual(parseLink(formatLink(base, ID, null)), {
      id: ID,
      relay: null,
      transport: null,
    });
  }
});

test('the fragment alone, an encoded relay, a forced transport and capitals are understood', () => {
  const link = ` #/game/${ID.toUpperCase()}?relay=${encodeURIComponent(RELAY)}&transport=webrtc `;
  assert.deepEqual(parseLink(link), { id: ID, relay: RELAY, transport: 'webrtc' });
});

test('what is no link to a game gives null, and a relay that is no multiaddr is left out', () => {
  for (const link of ['', '#', '#/game/', `#/game/${ID}0`, `#/games/${ID}`, 'https://a.b/#/x']) {
    assert.equal(parseLink(link), null, link);
  }
  assert.equal(parseLink(/** @type {any} */ (null)), null);
  const odd = ['javascript:alert(1)', 'https://a.b', '/ip4', `/ip4/${'1'.repeat(600)}`, '/a/<b>'];
  for (const relay of odd) {
    assert.equal(isMultiaddr(relay), false, relay);
    assert.equal(parseLink(`#/game/${ID}?relay=${encodeURIComponent(relay)}`)?.relay, null);
  }
});
