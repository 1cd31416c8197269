// The worker thread that `createEngine` of node.mjs starts.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parentPort } from 'node:worker_threads';
import { EngineError } from './errors.js';
import { initSync, Uci } from './rookery_web_engine.js';
import { Session } from './session.js';

/** @import { Answer, Ask } from './session.js' */

/** @type {Session | null} */
let session = null;

/** @param {Answer} answer */
const post = (answer) => parentPort?.postMessage(answer);

parentPort?.on('message', (/** @type {Ask} */ ask) => {
  try {
    if (ask.kind === 'start') {
      const url = new URL(ask.wasmUrl ?? './rookery_web_engine_bg.wasm', import.meta.url);
      initSync({ module: readFileSync(fileURLToPath(url)) });
      // Not a message channel: Node would empty it, a thousand slices long, before it looks at the parent's.
      session = new Session(new Uci(ask.seed), ask.hashMb, post, setImmediate);
      post({ kind: 'ready' });
    } else {
      session?.receive(ask);
    }
  } catch (error) {
    post({
      kind: 'failed',
      code:
        error instanceof EngineError
          ? error.code
          : ask.kind === 'start'
            ? 'load-failed'
            : 'crashed',
      message: error instanceof Error ? error.message : String(error),
    });
  }
});
