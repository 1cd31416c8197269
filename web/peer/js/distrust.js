// Relays that were found to lie, as long as this page lives: they are left where there is another one. What they signed stays in
// the games, so that a page that is loaded again finds it again.

import { peerOf } from './addresses.js';

/** Findings for which a relay is left: what is proven, and what this device saw for sure. */
const GRAVE = [
  ...['double-receipt', 'splice', 'time-runs-back', 'lapsed-and-committed', 'invalid-receipt'],
  ...['bad-receipt', 'withheld'],
];

/**
 * Whether a relay is left for this.
 *
 * @param {string} code Of a notice.
 */
export const isGrave = (code) => GRAVE.includes(code);

export class Distrust {
  /** @type {Set<string>} */
  #peers = new Set();

  /** @param {string} address A multiaddr of the relay, with its peer id. */
  add(address) {
    const peer = peerOf(address);
    if (peer) this.#peers.add(peer);
  }

  /** @param {string} address */
  trusts(address) {
    return !this.#peers.has(peerOf(address) ?? '');
  }

  /**
   * The addresses of relays that are trusted, in the same order; all of them where there is none of these.
   *
   * @param {string[]} addresses
   */
  choose(addresses) {
    const trusted = addresses.filter((address) => this.trusts(address));
    return trusted.length > 0 ? trusted : addresses;
  }
}
