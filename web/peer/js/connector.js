// Keeps one link to a relay open: dials, notices a link that died in silence, and dials again, quickly at first. What
// goes over the link is not known here.

import { transportOf } from './addresses.js';

/**
 * @typedef {object} Link An open stream to a relay.
 * @property {Uint8Array} from
 * @property {Uint8Array} to
 * @property {string} peer
 * @property {(frame: Uint8Array) => boolean} send
 * @property {() => void} close
 */

/**
 * @typedef {(address: string, timeoutMs: number, onFrame: (frame: Uint8Array) => void,
 *   onClose: (reason: string) => void) => Promise<Link>} Dial
 */

/**
 * @typedef {object} Hooks
 * @property {(link: Link, address: string) => void} onOpen
 * @property {(frame: Uint8Array) => void} onFrame
 * @property {(reason: string) => void} onClose
 * @property {(failures: number) => void} onWait Before each new try, with the number of rounds that failed.
 * @property {(error: unknown) => void} [onFail] A dial that failed.
 */

/** A relay says something each second; after this long without a word it is gone, in ms. */
const SILENCE_MS = 3000;
/** The same where the device says that its network is another one now: then a word that is late is not waited for. */
const RENEWED_SILENCE_MS = 1500;
/** How often that is looked at, in ms. */
const LOOK_MS = 250;
/** A link that ends within this time counts as one that failed, in ms. */
const SHORT_MS = 2000;
/** How long a dial may take, in ms. */
const DIAL_MS = { ws: 4000, webrtc: 6000 };
/** Waits before the next round, in ms; the last one is repeated, and after a while doubled. */
const WAITS = [0, 100, 250, 500, 1000, 2000];
/** After so many rounds in vain (about five minutes) a relay is asked less often. */
const LONG = 150;
/** How often a place where there is no relay is looked at again, in ms. */
const NOBODY_MS = 30_000;

/**
 * How long to wait before a round.
 *
 * @param {number} failures Rounds that failed since the last good link.
 * @param {number} random From 0 to 1: those whom one relay lost do not all come back at the same moment.
 */
export function waitBefore(failures, random) {
  const wait = WAITS[Math.min(failures, WAITS.length - 1)];
  return (failures > LONG ? 2 : 1) * wait * (0.75 + random / 2);
}

export class Connector {
  #dial;
  #resolve;
  #nobody;
  #hooks;
  /** @type {string[]} */
  #addresses = [];
  /** @type {string | null} */
  #good = null;
  #running = false;
  #confirmed = false;
  /** Rounds that failed since the last good link. */
  #failures = 0;
  /** The next round begins at once. */
  #renewed = false;
  /** @type {Link | null} */
  #link = null;
  /** When the relay last said something. */
  #heard = 0;
  /** @type {(reason: string) => void} */
  #end = () => {};
  /** @type {() => void} */
  #wake = () => {};

  /**
   * @param {object} options
   * @param {Dial} options.dial
   * @param {() => Promise<string[]>} options.resolve The addresses to try, best first; never rejects.
   * @param {() => boolean} [options.nobody] Whether it is known that there is nobody to dial.
   * @param {Hooks} options.hooks
   */
  constructor({ dial, resolve, nobody = () => false, hooks }) {
    this.#dial = dial;
    this.#resolve = resolve;
    this.#nobody = nobody;
    this.#hooks = hooks;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  stop() {
    this.#running = false;
    this.#end('stopped');
    this.#wake();
  }

  /** Tries at once, where it waits; looks at once whether the link is alive, where there is one. */
  poke() {
    this.#wake();
  }

  /** The network is there again: what hangs since before is given up, and a new round begins at once. */
  renew() {
    if (!this.#running) return;
    this.#failures = 0;
    if (this.#link && performance.now() - this.#heard <= RENEWED_SILENCE_MS) return;
    this.#renewed = true;
    this.#end('renewed');
    this.#wake();
  }

  /** The relay accepted this page: the link is good. */
  confirm() {
    this.#confirmed = true;
  }

  /**
   * Gives the link up and dials again.
   *
   * @param {string} reason
   */
  drop(reason) {
    this.#end(reason);
  }

  /**
   * Gives the link up for others.
   *
   * @param {string[]} addresses What is tried from now on, best first.
   */
  leave(addresses) {
    this.#addresses = addresses;
    this.#good = null;
    this.#failures = 0;
    this.#end('left');
  }

  /**
   * @param {Uint8Array} frame
   * @returns {boolean} False where there is no link.
   */
  send(frame) {
    return this.#link?.send(frame) ?? false;
  }

  async #run() {
    while (this.#running) {
      this.#renewed = false;
      this.#hooks.onWait(this.#failures);
      if (await this.#round()) this.#failures = 0;
      else if (!this.#renewed) this.#failures += 1;
      if (this.#running && !this.#renewed) {
        await this.#pause(this.#nobody() ? NOBODY_MS : waitBefore(this.#failures, Math.random()));
      }
    }
  }

  /**
   * One round over the addresses, to the end of the first good link.
   *
   * @returns {Promise<boolean>} False where there was none, or one so short that dialling at once would be a nuisance.
   */
  async #round() {
    const failures = this.#failures;
    // The relay may have moved; asking must not hold up a dial that can go ahead.
    if (this.#addresses.length === 0) {
      const given = new Promise((/** @type {(none: string[]) => void} */ resolve) => {
        this.#end = () => resolve([]);
      });
      this.#addresses = await Promise.race([this.#resolve(), given]);
    } else if (failures % 2 === 1) void this.#refresh();
    for (const address of this.#choose(failures)) {
      if (!this.#running || this.#renewed) return false;
      const began = performance.now();
      if (await this.#hold(address)) {
        // Not where it was left.
        if (this.#addresses.includes(address)) this.#good = address;
        return performance.now() - began > SHORT_MS;
      }
    }
    return false;
  }

  async #refresh() {
    const addresses = await this.#resolve();
    if (addresses.length === 0) return;
    this.#addresses = addresses;
    // A relay that was set up anew has another name at the same place.
    if (this.#good && !addresses.includes(this.#good)) this.#good = null;
  }

  /**
   * Where a link was good, it is tried alone most of the time: another transport would only use up time.
   *
   * @param {number} failures
   */
  #choose(failures) {
    const good = this.#good;
    if (!good) return this.#addresses;
    const others = this.#addresses.filter((address) => address !== good);
    return failures % 4 === 3 ? [good, ...others] : [good];
  }

  /**
   * Dials and holds the link to its end.
   *
   * @param {string} address
   * @returns {Promise<boolean>} Whether the relay accepted this page.
   */
  async #hold(address) {
    this.#confirmed = false;
    this.#heard = performance.now();
    let over = false;
    /** @type {Promise<string>} */
    const ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    /** What comes before the page knows of the link.
     * @type {Uint8Array[] | null} */
    let first = [];
    const onFrame = (/** @type {Uint8Array} */ frame) => {
      if (!over) this.#heard = performance.now();
      if (first) first.push(frame);
      else if (!over) this.#hooks.onFrame(frame);
    };
    const timeout = DIAL_MS[transportOf(address) ?? 'ws'];
    /** @type {Link} */
    let link;
    try {
      const end = this.#end;
      const dialling = this.#dial(address, timeout, onFrame, (reason) => end(reason));
      // Stopped or dropped meanwhile: a link that comes late is closed.
      const early = ended.then(() => {
        over = true;
        dialling.then(
          (late) => late.close(),
          () => {},
        );
        throw new Error('dropped');
      });
      early.catch(() => {});
      link = await Promise.race([dialling, early]);
    } catch (error) {
      this.#hooks.onFail?.(error);
      return false;
    }
    this.#heard = performance.now();
    this.#link = link;
    this.#hooks.onOpen(link, address);
    const waiting = first;
    first = null;
    for (const frame of waiting) this.#hooks.onFrame(frame);
    const look = () => {
      if (performance.now() - this.#heard > SILENCE_MS) this.#end('silence');
    };
    const timer = setInterval(look, LOOK_MS);
    this.#wake = look;
    const reason = await ended;
    clearInterval(timer);
    over = true;
    this.#wake = () => {};
    this.#link = null;
    link.close();
    this.#hooks.onClose(reason);
    return this.#confirmed;
  }

  /** @param {number} ms */
  #pause(ms) {
    return new Promise((/** @type {(value: void) => void} */ resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
