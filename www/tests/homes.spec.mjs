// The relay of a game with a clock is killed: play goes on at another one by itself, and nobody is charged for it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { listen } from './harness/listener.mjs';
import { LOGS, RELAY, slug } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { invite, line, playOut, sitDown, startGame } from './harness/table.mjs';

/**
 * @import { Player } from './harness/player.mjs'
 * @import { Relay } from './harness/relay.mjs'
 */

/** How often the relay is killed; the figures in the documents are of 20 times. */
const KILLS = Number(process.env.ROOKERY_KILLS ?? 2);
/** The design's promise, and what a person's own move takes in a browser on a busy machine, in ms. */
const RESUMED_MS = 5000;
/** What the side to move may be charged for a turn that was played at once, with its relay killed in the middle, in ms. */
const CHARGE_MS = 2000;

/** Knights go out and home again, so that each round ends where it began; the game is over at the fifth. */
const SHUFFLE = line(
  'e4 e5 Nf3 Nc6 Bc4 Bc5 c3 Nf6 d3 d6 O-O O-O a4 a6 h3 h6 Re1 Re8 Nbd2 Be6 Bxe6 Rxe6 b4 Ba7 Qb3 Qd7 Ba3 Rae8 Rad1 Ne7 d4 Ng6 Nf1 Nh5',
);

/**
 * Waits until so many people have a session at a relay.
 * @param {Relay} relay
 * @param {number} people
 */
async function peopleAt(relay, people) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    const text = await (await fetch(`http://${relay.ready.metrics}/metrics`)).text();
    const found = /^rookery_player_sessions\S* (\d+)/m.exec(text);
    if (Number(found?.[1]) >= people) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`fewer than ${people} people came to ${relay.url}`);
}

/** @param {Player} player */
const left = async (player) => {
  const { whiteMs, blackMs } = await player.shown();
  return { white: Number(whiteMs), black: Number(blackMs) };
};

test('a clocked game goes on at the standby when its relay is killed, again and again', async (t) => {
  const second = await startRelay(t, { name: 'second' });
  const first = await startRelay(t, { name: 'first', options: ['--standby', second.url] });
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  for (const person of [white, black]) {
    person.expectOutage();
    person.expectErrors(/Failed to load resource/);
  }
  await white.open(first.url);
  await white.sees({ connection: 'connected' });
  await peopleAt(second, 1);
  await startGame(white, black, first.url, { time: '10 + 0' });
  await playOut({ white, black }, SHUFFLE.slice(0, 2));
  const relays = [first, second];
  /** @type {number[]} */
  const took = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const [home, standby] = kill % 2 === 0 ? relays : [second, first];
    await peopleAt(standby, 2);
    // The standby has to know the game before it can take it.
    await new Promise((done) => setTimeout(done, 1500));
    const step = SHUFFLE[2 + kill];
    assert.ok(step, 'the line has a move for each time');
    const mover = step.mover === 'white' ? white : black;
    const before = await left(mover);
    const began = performance.now();
    await home.stop('SIGKILL');
    await mover.play(step.uci);
    const wanted = { ply: step.ply, fen: step.fen };
    await Promise.all([white.sees(wanted), black.sees(wanted)]);
    took.push(performance.now() - began);
    const after = await left(mover);
    const charged = before[step.mover] - after[step.mover];
    assert.ok(charged < CHARGE_MS, `kill ${kill + 1}: ${charged} ms were charged`);
    await home.start();
  }
  const sorted = took.toSorted((a, b) => a - b);
  const at = (/** @type {number} */ part) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
  t.diagnostic(
    `from SIGKILL to the next move on both screens, ${KILLS} times: p50 ${at(0.5)} ms, most ${at(1)} ms`,
  );
  assert.ok((sorted.at(-1) ?? Infinity) < RESUMED_MS, `took ${took.map(Math.round)} ms`);
  const files = await Promise.all([white, black].map((person) => person.saved('Signed game')));
  for (const [i, bytes] of files.entries()) {
    const file = join(LOGS, `${slug(t.name)}-${i}.rook`);
    writeFileSync(file, bytes);
    const { stdout, status } = spawnSync(RELAY, ['verify', file, '--json'], { encoding: 'utf8' });
    const said = JSON.parse(stdout);
    assert.deepEqual([said.status, said.plies, status], ['verified', 2 + KILLS, 0]);
  }
});

test('who reaches the other relay alone waits, and both read and hear why', async (t) => {
  const first = await startRelay(t, { name: 'first' });
  const second = await startRelay(t, { name: 'second' });
  const both = await startSite(t, { relays: [first.address(/\/ws/), second.address(/\/ws/)] });
  const one = await startSite(t, { relays: [first.address(/\/ws/)] });
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  for (const person of [white, black]) {
    person.expectOutage();
    await listen(person.page);
  }
  await white.open(both.url);
  await white.sees({ connection: 'connected' });
  await peopleAt(second, 1);
  // Black comes by a page that knows the first relay only.
  const link = await invite(white, { time: '10 + 0' });
  await sitDown(white, black, `${one.url}#${link.split('#')[1]}`);
  await playOut({ white, black }, SHUFFLE.slice(0, 1));
  await first.stop('SIGKILL');
  await white.page.getByText('your opponent has not').first().waitFor();
  await white.page.getByRole('region', { name: 'The clock stands' }).waitFor();
  const stood = await left(white);
  await new Promise((done) => setTimeout(done, 3000));
  assert.deepEqual(await left(white), stood);
  const heard = await white.page.evaluate(
    () => /** @type {typeof globalThis & { heard: string[] }} */ (globalThis).heard,
  );
  assert.ok(
    heard.some((words) => words.includes('The clock stands')),
    heard.join('\n'),
  );
  await white.picture('clock-stands-alone');
  await first.start();
  await white.page.getByRole('region', { name: 'The clock stands' }).waitFor({ state: 'detached' });
});
