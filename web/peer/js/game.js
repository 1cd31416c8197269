// One game as the page holds it: a snapshot, the actions of its player, and events.

import { handText, readHandText } from './by-hand.js';
import { PeerError } from './errors.js';
import { formatLink } from './link.js';

/**
 * @import { ClockReading, Colour, GameId, GameState, Notice, SaidLine } from './index.d.ts'
 * @import { RelaySession } from './relay-session.js'
 */

export class Game extends EventTarget {
  #session;
  #state;
  #onClose;
  #closed = false;
  #hushed = false;
  /** @type {Notice | null} */
  #notice = null;

  /**
   * @param {GameId} id
   * @param {RelaySession} session
   * @param {GameState} state
   * @param {() => void} onClose
   */
  constructor(id, session, state, onClose) {
    super();
    /** @readonly */
    this.id = id;
    this.#session = session;
    this.#state = state;
    this.#onClose = onClose;
  }

  get state() {
    return this.#state;
  }

  /** @returns {ClockReading} */
  clocks() {
    const [white, black, running, first] = this.#session.core.clocks(this.id);
    const ms = (/** @type {number} */ value) => (Number.isNaN(value) ? null : value);
    /** @type {Colour | null} */
    const colour = running === 0 ? 'white' : running === 1 ? 'black' : null;
    return { whiteMs: ms(white), blackMs: ms(black), running: colour, firstMoveMs: ms(first) };
  }

  async join() {
    const random = crypto.getRandomValues(new Uint8Array(16));
    this.#notice = null;
    await this.#wish(() => this.#session.core.join(this.id, random));
    await new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      const look = () => {
        const { seat } = this.#state;
        if (seat === 'waiting' && !this.#closed) return;
        this.removeEventListener('change', look);
        this.removeEventListener('closed', look);
        if (seat === 'seated') return resolve();
        const refused = this.#notice ?? {
          code: this.#closed ? 'closed' : 'seat-taken',
          words: this.#closed ? 'The game was closed.' : 'Another player sat down first.',
        };
        reject(new PeerError(refused.code, refused.words));
      };
      this.addEventListener('change', look);
      this.addEventListener('closed', look);
      look();
    });
  }

  /**
   * @param {string} uci
   * @param {{ offerDraw?: boolean }} [options]
   */
  async move(uci, { offerDraw = false } = {}) {
    const text = String(uci);
    await this.#wish(() => this.#session.core.play(this.id, text, Boolean(offerDraw)));
  }

  async resign() {
    await this.#act('resign');
  }

  async abort() {
    await this.#act('abort');
  }

  async draw() {
    await this.#act('draw');
  }

  async offerDraw() {
    await this.#act('offer-draw');
  }

  async askTakeback() {
    await this.#act('ask-takeback');
  }

  async acceptTakeback() {
    await this.#act('accept-takeback');
  }

  async decline() {
    await this.#act('decline');
  }

  async takeUp() {
    await this.#act('take-up');
  }

  async leaveClock() {
    const random = crypto.getRandomValues(new Uint8Array(16));
    await this.#wish(() => this.#session.core.leave_clock(this.id, random));
  }

  /** @param {string} text */
  async say(text) {
    const line = String(text);
    await this.#wish(() => this.#session.core.chat(this.id, line));
  }

  /** @param {boolean} allowed */
  async allowDirect(allowed) {
    await this.#wish(() => this.#session.core.allow_direct(this.id, Boolean(allowed)));
  }

  byHand() {
    const bytes = this.#session.core.by_hand(this.id);
    return bytes ? handText(bytes) : '';
  }

  /** @param {string} text */
  async takeByHand(text) {
    const bytes = readHandText(String(text));
    await this.#wish(() => this.#session.core.take_by_hand(this.id, bytes));
  }

  link(base = location.href) {
    return formatLink(base, this.id, this.#session.address);
  }

  get relay() {
    return this.#session.relay;
  }

  pgn() {
    return this.#session.core.pgn(this.id) ?? '';
  }

  export() {
    return this.#session.core.export(this.id) ?? new Uint8Array();
  }

  evidence() {
    return this.#session.core.evidence(this.id) ?? new Uint8Array();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.dispatchEvent(new Event('closed'));
    this.#session.run(this.#session.core.close(this.id));
    this.#onClose();
  }

  /** @param {RelaySession} session */
  uses(session) {
    return this.#session === session;
  }

  /**
   * While the game is being taken back its page is not told how.
   *
   * @param {boolean} hushed
   */
  hush(hushed) {
    this.#hushed = hushed;
    if (!hushed) this.changed();
  }

  /** The session says that something changed. */
  changed() {
    const state = this.#session.state(this.id);
    if (!state || this.#closed || this.#hushed) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent('change', { detail: state }));
  }

  /** @param {Notice} notice */
  noticed(notice) {
    this.#notice = notice;
    this.dispatchEvent(new CustomEvent('notice', { detail: notice }));
  }

  /** @param {SaidLine} line */
  said(line) {
    this.dispatchEvent(new CustomEvent('said', { detail: line }));
  }

  /** @param {string} name */
  #act(name) {
    return this.#wish(() => this.#session.core.act(this.id, name));
  }

  /** @param {() => unknown[]} wish */
  async #wish(wish) {
    if (this.#closed) throw new PeerError('closed', 'This game was closed by the page.');
    await this.#session.wish(wish);
  }
}
