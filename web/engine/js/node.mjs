// The same engine for Node: a worker thread in the place of a web worker.

import { Worker } from 'node:worker_threads';
import { connect } from './client.js';

export { EngineError } from './errors.js';
export { LEVELS } from './levels.js';

/** @import { Engine, EngineOptions } from './index.d.ts' */

/**
 * Starts the engine. Its thread keeps the process alive until `terminate()`.
 * @param {EngineOptions} [options]
 * @returns {Promise<Engine>}
 */
export async function createEngine(options = {}) {
  const worker = new Worker(options.workerUrl ?? new URL('./node-worker.mjs', import.meta.url));
  return connect(
    {
      post: (ask) => worker.postMessage(ask),
      listen(receive, broken) {
        worker.on('message', receive);
        worker.on('error', (error) => broken(error instanceof Error ? error.message : 'unknown'));
        worker.on('exit', () => broken('the worker thread ended'));
      },
      end: () => void worker.terminate(),
    },
    options,
  );
}
