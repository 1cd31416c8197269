// The package's entry: a chess engine in a web worker. No special headers, no shared memory.

import { connect } from './client.js';
import { EngineError } from './errors.js';

export { EngineError } from './errors.js';
export { LEVELS } from './levels.js';

/** @import { Engine, EngineOptions } from './index.d.ts' */

/**
 * Starts the engine.
 * @param {EngineOptions} [options]
 * @returns {Promise<Engine>}
 */
export async function createEngine(options = {}) {
  const address = options.workerUrl ?? new URL('./worker.js', import.meta.url);
  /** @type {Worker} */
  let worker;
  try {
    worker = new Worker(address, { type: 'module', name: 'rookery-engine' });
  } catch (error) {
    throw new EngineError('load-failed', 'the worker cannot be started', { cause: error });
  }
  // Relative to the page, as addresses that a page gives are; the worker would take it as relative to itself.
  const wasmUrl =
    options.wasmUrl === undefined ? undefined : new URL(options.wasmUrl, document.baseURI);
  return connect(
    {
      post: (ask) => worker.postMessage(ask),
      listen(receive, broken) {
        worker.onmessage = ({ data }) => receive(data);
        worker.onerror = ({ message }) => broken(message || 'the worker could not be loaded');
        worker.onmessageerror = () => broken('a message could not be read');
      },
      end: () => worker.terminate(),
    },
    { ...options, wasmUrl },
  );
}
