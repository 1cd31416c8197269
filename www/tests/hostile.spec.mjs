// A hostile process does all it can to the relay while two people play in their browsers: they notice nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startBrowser } from './harness/browser.mjs';
import { atEnd } from './harness/ending.mjs';
import { HOSTILE } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @typedef {{ attack: string, wanted: string, got: string, ok: boolean }} Attack */

/** The longest that a move may take meanwhile, in ms: two busy cores are slow, a relay that waits would be slower. */
const MOST_MS = 4000;
/** How long a player thinks before a move, in ms. */
const THINK_MS = 300;
/** Knights out and home again, three times; then a pawn each, so that no position stands a fifth time. */
const SHUFFLE = 'Nf3 Nf6 Ng1 Ng8 '.repeat(3);
const PAWNS = 'a3 a6|b3 b6|c3 c6|g3 g6|h3 h6|a4 a5|b4 b5|c4 c5|g4 g5|h4 h5'.split('|');
const ENDLESS = line(PAWNS.map((pawns) => SHUFFLE + pawns).join(' '));

test('a game in two browsers goes on undisturbed while a hostile process attacks the relay', async (t) => {
  assert.ok(
    existsSync(HOSTILE),
    `${HOSTILE} is missing: cargo build --release -p rookery-relay --examples`,
  );
  // Attacks that wait for a timeout are over sooner; and whoever makes one attack after the other is not banned before the last.
  const limits = ['hello_timeout_ms=1000', 'frame_timeout_ms=1000', 'conduct_throttle=1000000'];
  const options = [...limits, 'conduct_ban=1000000'].flatMap((limit) => ['--limit', limit]);
  const relay = await startRelay(t, { options });
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  const players = { white, black };
  await startGame(white, black, relay.url, { time: '10 + 0' });
  const { game } = await white.shown();
  await playOut(players, ENDLESS.slice(0, 2));

  const attack = promisify(execFile)(
    HOSTILE,
    ['--relay', relay.address(/\/ws/), '--game', game ?? ''],
    { timeout: 120_000 },
  );
  atEnd(t, async () => attack.child.kill());
  let over = false;
  // It ends with an error where an attack got what it should not; what that was stands in its report.
  const attacked = attack.catch((error) => error).finally(() => (over = true));

  let [plies, slowest] = [2, 0];
  // Two moves are kept for when the attacks are over; people who think make the rest last until then.
  for (const step of ENDLESS.slice(plies, -2)) {
    if (over) break;
    await sleep(THINK_MS);
    const began = performance.now();
    await playOut(players, [step]);
    slowest = Math.max(slowest, performance.now() - began);
    plies += 1;
  }
  t.diagnostic(`${plies} moves meanwhile, the slowest took ${Math.round(slowest)} ms`);
  const { stdout, stderr } = await attacked;
  assert.ok(stdout, `the hostile process reported nothing: ${stderr}`);
  const attacks = /** @type {Attack[]} */ (JSON.parse(stdout));
  assert.deepEqual(
    attacks.filter(({ ok }) => !ok),
    [],
  );
  t.diagnostic(`${attacks.length} attacks, each answered as it should be`);
  assert.ok(attacks.length >= 40 && plies >= 10, 'attacks and moves went on side by side');
  assert.ok(slowest < MOST_MS, `a move took ${Math.round(slowest)} ms`);

  await playOut(players, ENDLESS.slice(plies, plies + 2));
  await black.press('Resign');
  await black.press('Resign');
  const end = { result: '1-0', reason: 'resignation', ply: plies + 2 };
  await Promise.all([white.sees(end), black.sees(end)]);
  assert.deepEqual(await black.saved('Signed game'), await white.saved('Signed game'));
  assert.equal((await fetch(`${relay.url}healthz`)).status, 200);
});
