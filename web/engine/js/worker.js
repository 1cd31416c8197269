// The web worker that `createEngine` starts.

import init, { Uci } from './rookery_web_engine.js';
import { EngineError } from './errors.js';
import { Session } from './session.js';

/** @import { Answer, Ask } from './session.js' */

/** The worker's global object, of which the page's types know only this. */
const host =
  /** @type {{ onmessage: ((event: MessageEvent<Ask>) => void) | null, postMessage(answer: Answer): void }} */ (
    /** @type {unknown} */ (globalThis)
  );

/** @type {Promise<Session> | null} */
let session = null;

// A message to itself queues behind those of the page. Not a timer: those are slowed down to 4 ms a turn, and in hidden
// pages to a second.
const { port1, port2 } = new MessageChannel();

/** @param {() => void} turn */
function soon(turn) {
  port1.onmessage = turn;
  port2.postMessage(null);
}

/** @param {Ask & { kind: 'start' }} ask */
async function start({ wasmUrl, hashMb, seed }) {
  await init({
    module_or_path: wasmUrl ?? new URL('./rookery_web_engine_bg.wasm', import.meta.url),
  });
  return new Session(new Uci(seed), hashMb, (answer) => host.postMessage(answer), soon);
}

host.onmessage = ({ data }) => {
  if (data.kind === 'start') {
    session = start(data);
    session.then(
      () => host.postMessage({ kind: 'ready' }),
      (error) =>
        host.postMessage({
          kind: 'failed',
          code: error instanceof EngineError ? error.code : 'load-failed',
          message: error instanceof Error ? error.message : String(error),
        }),
    );
  } else {
    session
      ?.then((ready) => ready.receive(data))
      .catch((error) =>
        host.postMessage({ kind: 'failed', code: 'crashed', message: String(error) }),
      );
  }
};
