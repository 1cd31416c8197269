// Play goes on by itself after a reload and after the death of the relay, and the clocks charge nobody for an outage.

import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * How far a clock on screen may be from what it should show, in ms: it is drawn every 100 ms, by a page that shares its
 * processor with another one, a relay and this test.
 */
const TOLERANCE_MS = 600;
/** How soon after the relay's ready line both must play on, in ms. */
const BACK_MS = 5000;
/** How long the relay is away, in ms: much more than the tolerance. */
const OUTAGE_MS = 4000;

const OPENING = line('e4 e5 Nf3 Nc6');
const then = (/** @type {string} */ sans, /** @type {typeof OPENING} */ before) =>
  line(sans, { fen: before.at(-1)?.fen ?? '', ply: before.length });

/**
 * Both clocks as a page shows them, in ms, and when that was, in ms of this process.
 * @param {Player} player
 */
async function clocks(player) {
  const asked = performance.now();
  const { whiteMs, blackMs, fen } = await player.shown();
  const at = (asked + performance.now()) / 2;
  const running = fen?.split(' ')[1] === 'b' ? 'black' : 'white';
  return { white: Number(whiteMs), black: Number(blackMs), running, at };
}

/**
 * @param {number} actual
 * @param {number} least
 * @param {number} most
 * @param {string} what
 */
function between(actual, least, most, what) {
  const words = `${what}: ${Math.round(actual)} ms, not ${Math.round(least)} to ${Math.round(most)}`;
  assert.ok(actual >= least - TOLERANCE_MS && actual <= most + TOLERANCE_MS, words);
}

/**
 * Both pages show the same clocks.
 * @param {{ white: Player, black: Player }} players
 */
async function sameClocks({ white, black }) {
  const [one, other] = await Promise.all([clocks(white), clocks(black)]);
  for (const colour of /** @type {const} */ (['white', 'black'])) {
    // The one that runs was not read at the same moment in both.
    const apart = colour === one.running ? other.at - one.at : 0;
    between(one[colour] - other[colour], apart, apart, `${colour}'s clock in both pages`);
  }
}

/**
 * @param {import('node:test').TestContext} t
 * @param {string} query
 */
async function clockedGame(t, query = '') {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await startGame(white, black, relay.url, { time: '5 + 3' }, query);
  const players = { white, black };
  await playOut(players, OPENING);
  return { relay, players };
}

test('a reload in a clocked game costs the mover the time it took, and the other nothing', async (t) => {
  const { players } = await clockedGame(t);
  const { white, black } = players;

  // White is to move: its own reload runs on its clock.
  const before = await clocks(white);
  await white.reload();
  await white.sees({ screen: 'game', ply: 4, connection: 'connected' });
  const after = await clocks(white);
  const took = after.at - before.at;
  between(before.white - after.white, took, took, 'the reload cost White');
  assert.equal(after.black, before.black);
  await sameClocks(players);

  // Black is not: it pays nothing, and White's clock just goes on.
  const mid = await clocks(black);
  await black.reload();
  await black.sees({ screen: 'game', ply: 4, connection: 'connected' });
  const end = await clocks(black);
  assert.equal(end.black, mid.black);
  between(mid.white - end.white, end.at - mid.at, end.at - mid.at, 'meanwhile White used');

  const rest = then('Bc4 Nf6 d3', OPENING);
  await playOut(players, rest);
  await sameClocks(players);
  // Each by now played with the same key as before the reload.
  assert.equal(await white.page.locator('.plate').filter({ hasText: 'You' }).count(), 1);
});

for (const [transport, query] of [
  ['WebSocket', '?transport=ws'],
  ['WebRTC-direct', '?transport=webrtc'],
]) {
  test(`a relay that is killed and started again goes on with the game over ${transport}, and nobody pays`, async (t) => {
    const { relay, players } = await clockedGame(t, query);
    const { white, black } = players;
    const both = (
      /** @type {Record<string, string | number>} */ wanted,
      /** @type {number} */ ms,
    ) => Promise.all([white.sees(wanted, ms), black.sees(wanted, ms)]);
    white.expectOutage();
    black.expectOutage();

    // White thinks while the relay dies, and moves while it is away.
    const before = await clocks(white);
    await relay.stop('SIGKILL');
    const killed = performance.now();
    await both({ connection: 'reconnecting' }, 20_000);
    const [fourth] = then('Bc4', OPENING);
    assert.ok(fourth);
    await white.play(fourth.uci);
    await white.page.locator('.game[data-pending=true]').waitFor();
    await black.sees({ ply: 4 });
    const away = OUTAGE_MS - (performance.now() - killed);
    if (away > 0) await new Promise((resolve) => setTimeout(resolve, away));

    await relay.start();
    const ready = performance.now();
    await both({ ply: 5, fen: fourth.fen, connection: 'connected' }, BACK_MS);
    t.diagnostic(`play went on ${Math.round(performance.now() - ready)} ms after the ready line`);
    const after = await clocks(white);
    // The increment of 3 s comes with the move. Time counts to the relay's last sign of life, at most 1 s before its death,
    // and from the player's return.
    const charged = before.white + 3000 - after.white;
    between(charged, killed - before.at - 1000, killed - before.at, 'White was charged');
    // Black's clock runs again from the move on, and reading it takes time on a busy machine.
    const running = performance.now() - ready;
    assert.equal(after.black > before.black - TOLERANCE_MS - running, true);
    await sameClocks(players);

    const rest = line('Nf6 d3 Bc5 c3 d6 O-O O-O', { fen: fourth.fen, ply: 5 });
    await playOut(players, rest);
    await sameClocks(players);
    const { game } = await white.shown();
    const stored = await (await fetch(`${relay.url}games/${game}.pgn`)).text();
    assert.match(stored, /3\. ?Bc4 Nf6 4\. ?d3 Bc5 5\. ?c3 d6 6\. ?O-O O-O/);
  });
}

test('a player who waits through the death of the relay is not charged for it', async (t) => {
  const { relay, players } = await clockedGame(t);
  const { white, black } = players;
  white.expectOutage();
  black.expectOutage();
  const before = await clocks(white);
  await relay.stop('SIGKILL');
  const killed = performance.now();
  await Promise.all([
    white.sees({ connection: 'reconnecting' }),
    black.sees({ connection: 'reconnecting' }),
  ]);
  const away = OUTAGE_MS - (performance.now() - killed);
  if (away > 0) await new Promise((resolve) => setTimeout(resolve, away));
  await relay.start();
  const ready = performance.now();
  await Promise.all([
    white.sees({ connection: 'connected' }, BACK_MS),
    black.sees({ connection: 'connected' }, BACK_MS),
  ]);
  const back = performance.now();
  const [fourth] = then('Bc4', OPENING);
  assert.ok(fourth);
  await playOut(players, [fourth]);
  const moved = performance.now();
  const after = await clocks(white);
  const charged = before.white + 3000 - after.white;
  between(
    charged,
    killed - before.at - 1000 + (moved - back) - TOLERANCE_MS,
    killed - before.at + (moved - ready),
    'White was charged',
  );
  await sameClocks(players);
});
