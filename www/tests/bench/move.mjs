// From letting go of a piece to the opponent's page holding the new position, through a relay that syncs to disk.
// `node move.mjs RUNS`.

import { Chess } from 'chessops/chess';
import { makeUci } from 'chessops/util';
import { startBrowser } from '../harness/browser.mjs';
import { startRelay } from '../harness/relay.mjs';
import { by, invite, sitDown } from '../harness/table.mjs';
import { BenchScope, percentile, report } from './scope.mjs';

/** @import { Player } from '../harness/player.mjs' */

/** @typedef {typeof globalThis & { dropped: number, seen: number[] }} Watched */

const runs = Number(process.argv[2]);
/** Moves in a game. */
const PLIES = 60;

const transports = [
  { name: 'websocket', query: '?transport=ws' },
  { name: 'webrtc', query: '?transport=webrtc' },
];
const measured = transports.map(() => ({
  p50: /** @type {number[]} */ ([]),
  p99: /** @type {number[]} */ ([]),
}));
for (let run = 0; run < runs; run += 1) {
  for (const [i, { query }] of transports.entries()) {
    const game = (await measureGame(query, run + 1)).sort((a, b) => a - b);
    measured[i]?.p50.push(percentile(game, 50));
    measured[i]?.p99.push(percentile(game, 99));
  }
}
for (const [i, { name }] of transports.entries()) {
  report(`${name}.p50`, measured[i]?.p50 ?? []);
  report(`${name}.p99`, measured[i]?.p99 ?? []);
}

/**
 * @param {string} query
 * @param {number} seed
 * @returns {Promise<number[]>} ms of each move.
 */
async function measureGame(query, seed) {
  const scope = new BenchScope('bench move');
  try {
    const relay = await startRelay(scope);
    const browser = await startBrowser(scope);
    const white = await browser.player('white');
    const black = await browser.player('black');
    await white.open(relay.url + query);
    await sitDown(white, black, by(await invite(white), query));
    await Promise.all([white, black].map(watch));
    const times = [];
    for (const [i, uci] of randomGame(PLIES, seed).entries()) {
      const ply = i + 1;
      const [mover, other] = i % 2 === 0 ? [white, black] : [black, white];
      await mover.play(uci);
      await Promise.all([white.sees({ ply }), black.sees({ ply })]);
      const dropped = await mover.page.evaluate(() => /** @type {Watched} */ (globalThis).dropped);
      const seen = await other.page.evaluate(
        (at) => /** @type {Watched} */ (globalThis).seen[at] ?? NaN,
        ply,
      );
      times.push(seen - dropped);
    }
    return times;
  } finally {
    await scope.end();
  }
}

/**
 * Notes when a pointer is let go and when a ply is first shown, in ms since 1970, which all pages of a browser share.
 * @param {Player} player
 */
async function watch({ page }) {
  await page.evaluate(() => {
    const world = /** @type {Watched} */ (globalThis);
    const now = () => performance.timeOrigin + performance.now();
    world.seen = [];
    window.addEventListener('pointerup', () => (world.dropped = now()), { capture: true });
    const app = document.getElementById('app');
    if (!app) throw new Error('the page has no main element');
    new MutationObserver(() => (world.seen[Number(app.dataset.ply)] ??= now())).observe(app, {
      attributes: true,
      attributeFilter: ['data-ply'],
    });
  });
}

/**
 * A game of random moves without castling, promotions and ends.
 * @param {number} plies
 * @param {number} seed The same game for the same seed.
 */
function randomGame(plies, seed) {
  const position = Chess.default();
  const ucis = [];
  let random = seed;
  while (ucis.length < plies) {
    const moves = [];
    for (const [from, targets] of position.allDests()) {
      for (const to of targets) {
        const castles = position.board[position.turn].has(to);
        const promotes = position.board.pawn.has(from) && (to < 8 || to >= 56);
        const next = position.clone();
        next.play({ from, to });
        if (!castles && !promotes && !next.isEnd()) moves.push({ from, to });
      }
    }
    // A linear congruential generator, with the constants of the C standard's example.
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    const move = moves[(random >>> 8) % moves.length];
    if (!move) throw new Error(`seed ${seed} has no way on`);
    ucis.push(makeUci(move));
    position.play(move);
  }
  return ucis;
}
