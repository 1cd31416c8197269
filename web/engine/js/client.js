// The caller's side of the engine: promises over a worker's messages. Which worker it is, the entry modules decide.

import { EngineError } from './errors.js';

/**
 * @import { Engine, EngineErrorCode, EngineOptions, SearchInfo, SearchRequest, SearchResult } from './index.d.ts'
 * @import { Answer, Ask } from './session.js'
 */

/**
 * A worker, of whatever kind.
 * @typedef {object} Port
 * @property {(ask: Ask) => void} post
 * @property {(receive: (answer: Answer) => void, broken: (reason: string) => void) => void} listen
 * @property {() => void} end
 */

/**
 * One question that is not answered yet.
 * @typedef {object} Pending
 * @property {(result: SearchResult | null) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {(info: SearchInfo) => void} [onInfo]
 */

const HASH_MIB = 16;

/** @implements {Engine} */
class Client {
  /** @type {Port} */ #port;
  /** @type {Map<number, Pending>} */ #pending = new Map();
  #lastId = 0;
  /** @type {EngineError | null} Why it answers no more. */
  #dead = null;
  /** @type {{ resolve: () => void, reject: (error: unknown) => void } | null} */
  #starting = null;

  /** @param {Port} port */
  constructor(port) {
    this.#port = port;
    port.listen(
      (answer) => this.#receive(answer),
      (reason) => this.#die(this.#starting ? 'load-failed' : 'crashed', reason),
    );
  }

  /**
   * @param {EngineOptions} options
   * @returns {Promise<void>}
   */
  start({ hashMb = HASH_MIB, wasmUrl }) {
    return new Promise((resolve, reject) => {
      this.#starting = { resolve, reject };
      this.#port.post({
        kind: 'start',
        wasmUrl: wasmUrl === undefined ? undefined : String(wasmUrl),
        hashMb,
        seed: Math.floor(Math.random() * 2 ** 32),
      });
    });
  }

  /** @returns {Promise<void>} */
  async newGame() {
    await this.#ask((id) => ({ kind: 'newGame', id }));
  }

  /**
   * @param {SearchRequest} request
   * @returns {Promise<SearchResult>}
   */
  async search({ signal, onInfo, ...request }) {
    signal?.throwIfAborted();
    let abort = () => {};
    const result = this.#ask((id, pending) => {
      if (onInfo) pending.onInfo = onInfo;
      abort = () => {
        if (!this.#pending.delete(id)) return;
        // Only if it is still this search that runs: a later one has stopped it already.
        if (id === this.#lastId) this.stop();
        pending.reject(signal?.reason);
      };
      return { kind: 'search', id, request };
    });
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return /** @type {SearchResult} */ (await result);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  stop() {
    if (!this.#dead) this.#port.post({ kind: 'stop' });
  }

  terminate() {
    this.#die('terminated', 'the engine was terminated');
  }

  /**
   * @param {(id: number, pending: Pending) => Ask} make
   * @returns {Promise<SearchResult | null>}
   */
  #ask(make) {
    return new Promise((resolve, reject) => {
      if (this.#dead) throw this.#dead;
      const id = (this.#lastId += 1);
      const pending = { resolve, reject };
      this.#pending.set(id, pending);
      try {
        this.#port.post(make(id, pending));
      } catch (error) {
        // What cannot even be copied to a worker is no request.
        this.#pending.delete(id);
        throw new EngineError('bad-option', 'the request holds something that is not plain data', {
          cause: error,
        });
      }
    });
  }

  /** @param {Answer} answer */
  #receive(answer) {
    switch (answer.kind) {
      case 'ready':
        this.#starting?.resolve();
        this.#starting = null;
        break;
      case 'failed':
        this.#die(answer.code, answer.message);
        break;
      case 'info':
        this.#pending.get(answer.id)?.onInfo?.(answer.info);
        break;
      case 'done':
        this.#take(answer.id)?.resolve(answer.result);
        break;
      case 'error':
        this.#take(answer.id)?.reject(new EngineError(answer.code, answer.message));
        break;
    }
  }

  /** @param {number} id */
  #take(id) {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /**
   * @param {EngineErrorCode} code
   * @param {string} message
   */
  #die(code, message) {
    if (this.#dead) return;
    this.#dead = new EngineError(code, message);
    this.#starting?.reject(this.#dead);
    this.#starting = null;
    for (const pending of this.#pending.values()) pending.reject(this.#dead);
    this.#pending.clear();
    this.#port.end();
  }
}

/**
 * Starts an engine in a worker.
 * @param {Port} port
 * @param {EngineOptions} options
 * @returns {Promise<Engine>}
 */
export async function connect(port, options) {
  const client = new Client(port);
  await client.start(options);
  return client;
}
