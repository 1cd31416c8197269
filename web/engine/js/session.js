// The worker's side: one WebAssembly engine, driven in slices, so that messages are read while it thinks.

import { commands, readBest, readInfo, refusal } from './commands.js';
import { EngineError } from './errors.js';

/**
 * @import { Uci } from './rookery_web_engine.js'
 * @import { EngineErrorCode, SearchInfo, SearchRequest, SearchResult } from './index.d.ts'
 */

/**
 * What the page asks. Everything that is asked with an `id` is answered with it.
 * @typedef {{ kind: 'start', wasmUrl?: string, hashMb: number, seed: number }
 *   | { kind: 'search', id: number, request: SearchRequest }
 *   | { kind: 'newGame', id: number }
 *   | { kind: 'stop' }} Ask
 */

/**
 * What the worker answers.
 * @typedef {{ kind: 'ready' }
 *   | { kind: 'failed', code: EngineErrorCode, message: string }
 *   | { kind: 'info', id: number, info: SearchInfo }
 *   | { kind: 'done', id: number, result: SearchResult | null }
 *   | { kind: 'error', id: number, code: EngineErrorCode, message: string }} Answer
 */

/** How long it thinks before it looks for messages again, in ms. Stopping takes no longer than this and a little. */
const SLICE_MS = 10;

export class Session {
  /** @type {Uci} */ #uci;
  /** @type {(answer: Answer) => void} */ #post;
  /** @type {number | null} The search that runs. */
  #id = null;
  /** @type {SearchInfo | null} Its best line so far. */
  #info = null;
  /** @type {(turn: () => void) => void} */ #soon;
  #pumping = false;

  /**
   * @param {Uci} uci
   * @param {number} hashMb
   * @param {(answer: Answer) => void} post
   * @param {(turn: () => void) => void} soon Calls `turn` once, when messages that came before have been delivered.
   */
  constructor(uci, hashMb, post, soon) {
    this.#uci = uci;
    this.#post = post;
    this.#soon = soon;
    const [refused] = uci.line(`setoption name Hash value ${hashMb}`);
    const reason = refused === undefined ? null : refusal(refused);
    if (reason !== null) {
      throw new EngineError(/memory/.test(reason) ? 'no-memory' : 'bad-option', reason);
    }
  }

  /** @param {Ask} ask */
  receive(ask) {
    switch (ask.kind) {
      case 'search':
        this.#stop();
        this.#search(ask.id, ask.request);
        break;
      case 'newGame':
        this.#stop();
        this.#uci.line('ucinewgame');
        this.#post({ kind: 'done', id: ask.id, result: null });
        break;
      case 'stop':
        this.#stop();
        break;
    }
  }

  #stop() {
    if (this.#id !== null) this.#read(this.#uci.line('stop'));
  }

  /**
   * @param {number} id
   * @param {SearchRequest} request
   */
  #search(id, request) {
    try {
      const { options, position, go } = commands(request);
      for (const line of options) this.#uci.line(line);
      const [refused] = this.#uci.line(position);
      const reason = refused === undefined ? null : refusal(refused);
      if (reason !== null) {
        throw new EngineError(/^move \d/.test(reason) ? 'illegal-move' : 'bad-position', reason);
      }
      this.#id = id;
      this.#info = null;
      this.#read(this.#uci.line(go));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.#id = null;
      this.#post({ kind: 'error', id, code: error.code, message: error.message });
    }
    this.#wake();
  }

  #wake() {
    if (!this.#pumping && this.#uci.busy) {
      this.#pumping = true;
      this.#soon(() => this.#pump());
    }
  }

  #pump() {
    this.#pumping = false;
    if (this.#id === null) return;
    this.#read(this.#uci.step(SLICE_MS));
    this.#wake();
  }

  /** @param {string[]} lines */
  #read(lines) {
    for (const line of lines) {
      const id = this.#id;
      if (id === null) return;
      const reason = refusal(line);
      if (reason !== null) throw new EngineError('bad-limits', reason);
      const info = readInfo(line);
      if (info) {
        if (info.multipv === 1) this.#info = info;
        this.#post({ kind: 'info', id, info });
      }
      const best = readBest(line);
      if (best) {
        this.#id = null;
        this.#post({ kind: 'done', id, result: { ...best, info: this.#info } });
      }
    }
  }
}
