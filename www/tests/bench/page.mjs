// From opening the page to the engine's first reply, in a browser that never saw the page before; the same for the
// engine that other pages load. `node page.mjs RUNS FOLDER`, FOLDER holding the peer's files.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { startBrowser } from '../harness/browser.mjs';
import { startRelay } from '../harness/relay.mjs';
import { BenchScope, report } from './scope.mjs';

const runs = Number(process.argv[2]);
const peerFolder = process.argv[3] ?? '';
const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

const scope = new BenchScope('bench page');
try {
  const relay = await startRelay(scope);
  const browser = await startBrowser(scope);
  const peer = await servePeer();
  const [ours, theirs] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (let run = 0; run < runs; run += 1) {
    ours.push(await firstReply(relay.url));
    theirs.push(await peersFirstReply(peer));
  }
  report('first_reply', ours, theirs);

  /**
   * @param {string} url
   * @returns {Promise<number>} ms since the navigation began.
   */
  async function firstReply(url) {
    const { page } = await browser.player('visitor');
    await page.goto(url);
    const ms = await page.evaluate(async (fen) => {
      const { createEngine } = await import('@rookery/engine');
      const engine = await createEngine();
      await engine.search({ fen, limits: { depth: 1 } });
      return performance.now();
    }, START);
    await page.context().close();
    return ms;
  }

  /**
   * @param {string} url
   * @returns {Promise<number>} ms since the navigation began.
   */
  async function peersFirstReply(url) {
    const { page } = await browser.player('visitor of the peer');
    await page.goto(url);
    const ms = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const worker = new Worker('./stockfish-19-lite-single.js');
          worker.onmessage = ({ data }) => {
            if (String(data).startsWith('bestmove')) resolve(performance.now());
          };
          for (const line of ['uci', 'position startpos', 'go depth 1']) worker.postMessage(line);
        }),
    );
    await page.context().close();
    return ms;
  }
} finally {
  await scope.end();
}

/** @returns {Promise<string>} The address of an empty page beside the peer's files. */
async function servePeer() {
  const types = /** @type {Record<string, string>} */ ({
    js: 'text/javascript',
    wasm: 'application/wasm',
  });
  const server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '', 'http://peer').pathname);
    const type = types[name.split('.').at(-1) ?? ''];
    response.setHeader('content-type', type ?? 'text/html');
    response.end(
      type ? readFileSync(join(peerFolder, name)) : '<!doctype html><title>peer</title>',
    );
  });
  scope.after(async () => {
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}/`;
}
