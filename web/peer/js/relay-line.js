// One of the connections of a session: to which relay it goes, and how that relay is.

import { peerOf, transportOf } from './addresses.js';
import { Connector } from './connector.js';

/**
 * @import { Dial, Link } from './connector.js'
 */

/**
 * @typedef {object} LineHooks
 * @property {(link: Link) => void} onOpen
 * @property {(frame: Uint8Array) => void} onFrame
 * @property {() => void} onClose
 * @property {() => void} onWait
 * @property {(error: unknown) => void} onFail
 */

export class RelayLine {
  /** @readonly */
  connector;
  /** The address in use, or the last one. @type {string | null} */
  address = null;
  ready = false;
  wasReady = false;
  /** Rounds in vain since the last good link. */
  failures = 0;
  /** @type {number | null} */
  rttMs = null;
  logBusy = false;
  /** The relay's last words. @type {string | null} */
  bye = null;
  /** The relay is private and wants a token, or does not take the one that it got. @type {'needed' | 'wrong' | null} */
  token = null;

  /**
   * @param {object} options
   * @param {Dial} options.dial
   * @param {() => Promise<string[]>} options.resolve The addresses to try, best first; never rejects.
   * @param {() => boolean} options.nobody Whether it is known that there is nobody to dial.
   * @param {LineHooks} options.hooks
   */
  constructor({ dial, resolve, nobody, hooks }) {
    this.connector = new Connector({
      dial,
      resolve,
      nobody,
      hooks: {
        onOpen: (link, address) => {
          this.address = address;
          this.bye = null;
          hooks.onOpen(link);
        },
        onFrame: hooks.onFrame,
        onClose: () => {
          this.ready = false;
          this.rttMs = null;
          this.logBusy = false;
          hooks.onClose();
        },
        onWait: (failures) => {
          this.failures = failures;
          hooks.onWait();
        },
        onFail: hooks.onFail,
      },
    });
  }

  /** The relay at the other end; null where there is none. */
  get peer() {
    return this.ready && this.address ? peerOf(this.address) : null;
  }

  /** The relay that was reached last, whatever it said. */
  get last() {
    return this.address ? peerOf(this.address) : null;
  }

  get transport() {
    return this.ready && this.address ? transportOf(this.address) : null;
  }

  /** The relay accepted this page. */
  confirm() {
    this.token = null;
    this.ready = true;
    this.wasReady = true;
    this.connector.confirm();
  }
}
