// What a bench has in the place of a test's context: a name, and an end at which all is cleared away.

/** @import { Scope } from '../harness/ending.mjs' */

/** @implements {Scope} */
export class BenchScope {
  /** @type {(() => Promise<void>)[]} */
  #endings = [];

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** @param {() => Promise<void>} end */
  after(end) {
    this.#endings.push(end);
  }

  /** @param {string} message */
  diagnostic(message) {
    console.error(message);
  }

  async end() {
    for (const end of this.#endings.reverse()) await end();
  }
}

/**
 * Prints one measurement as the bench command reads it.
 * @param {string} name
 * @param {number[]} runs
 * @param {number[] | null} [peer] The peer's.
 * @param {'ms' | 'tasks'} [unit]
 */
export function report(name, runs, peer = null, unit = 'ms') {
  console.log(JSON.stringify({ name, unit, runs, peer }));
}

/**
 * @param {number[]} sorted
 * @param {number} percent
 */
export function percentile(sorted, percent) {
  const at = Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1);
  return sorted[at] ?? NaN;
}
