// The public face of @rookery/peer; `index.d.ts` says what it promises.

import { isRelay } from './addresses.js';
import { PeerError } from './errors.js';
import { parseLink } from './link.js';
import { Peer } from './peer.js';
import init, * as wasm from './rookery_web_peer.js';
import { Store } from './store.js';

/** @import { PeerOptions } from './index.d.ts' */

export { parseLink, PeerError };

/** @type {{ url: string, loading: Promise<unknown> } | null} */
let loaded = null;

/**
 * One copy serves every peer of the page.
 *
 * @param {string} url
 */
async function load(url) {
  if (loaded?.url !== url) loaded = { url, loading: init({ module_or_path: url }) };
  const mine = loaded;
  try {
    await mine.loading;
  } catch (error) {
    if (loaded === mine) loaded = null;
    throw PeerError.from(error, 'wasm');
  }
}

/** @param {PeerOptions} [options] */
export async function startPeer(options = {}) {
  const { relays = [], transport, database = 'rookery', tokens } = options;
  if (!Array.isArray(relays) || !relays.every(isRelay)) {
    throw new PeerError('bad-input', 'A relay is named by a multiaddr or an http(s) address.');
  }
  if (transport !== undefined && transport !== 'ws' && transport !== 'webrtc') {
    throw new PeerError('bad-input', 'The transport is ws or webrtc.');
  }
  const url = options.wasmUrl ?? new URL('rookery_web_peer_bg.wasm', import.meta.url);
  const [store] = await Promise.all([Store.open(database), load(String(url))]);
  const secret = await store.secret();
  const peer = new Peer({ wasm, store, secret, relays, transport, tokens });
  try {
    await peer.start(database);
  } catch (error) {
    await peer.close();
    throw PeerError.from(error);
  }
  return peer;
}
