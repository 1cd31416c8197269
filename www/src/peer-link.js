// Brings the peer up and keeps the state told of it: connection, lobby, games on this device.

/**
 * @import { Peer } from '@rookery/peer'
 * @import { Action } from './app-state.js'
 * @import { Tokens } from './people/tokens.js'
 */

/**
 * The relays this site names in the `rookery.json` beside it; relative entries count from there.
 *
 * @param {string} base The page's address.
 * @returns {Promise<string[]>} Empty when the file is missing or means nothing. Where it cannot be read now the page's own host
 *   is asked.
 */
export async function siteRelays(base) {
  const own = [new URL('/', base).href];
  let answer;
  try {
    answer = await fetch(new URL('rookery.json', base));
  } catch {
    return own;
  }
  if (!answer.ok) return answer.status >= 500 ? own : [];
  const { relays } = /** @type {{ relays?: unknown }} */ (
    Object(await answer.json().catch(() => null))
  );
  if (!Array.isArray(relays)) return [];
  return relays
    .filter((entry) => typeof entry === 'string')
    .map((entry) => relayAddress(entry, base));
}

/**
 * @param {string} entry A multiaddr such as `/dns4/…`, or an address of a relay's site.
 * @param {string} base
 */
export function relayAddress(entry, base) {
  const multiaddr = /^\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\//.test(entry);
  return multiaddr ? entry : new URL(entry, base).href;
}

/**
 * @param {{ base: string, transport?: 'ws' | 'webrtc', tokens: Tokens, dispatch: (action: Action) => void }} options
 * @returns {Promise<Peer>} Rejects when the package or its storage cannot start; the state says so too.
 */
export async function linkPeer({ base, transport, tokens, dispatch }) {
  try {
    const [{ startPeer }, relays] = await Promise.all([import('@rookery/peer'), siteRelays(base)]);
    const wasmUrl = new URL('packages/peer/rookery_web_peer_bg.wasm', base);
    const peer = await startPeer({ relays, transport, wasmUrl, tokens });
    peer.addEventListener('connection', ({ detail }) =>
      dispatch({ type: 'peer', peer: { connection: detail } }),
    );
    peer.addEventListener('writer', ({ detail }) =>
      dispatch({ type: 'peer', peer: { writer: detail } }),
    );
    dispatch({
      type: 'peer',
      peer: {
        status: 'ready',
        player: peer.player,
        writer: peer.writer,
        connection: peer.connection,
      },
    });
    return peer;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    dispatch({
      type: 'peer',
      peer: {
        status: 'failed',
        error: `Playing others is not possible in this browser now: ${why}`,
        connection: {
          state: 'offline',
          words: 'Offline: only the computer can be played.',
          relay: null,
          transport: null,
          rttMs: null,
          logBusy: false,
        },
      },
    });
    throw error;
  }
}
