// A device sleeps in the middle of a game and wakes up: play goes on by itself, and nothing is signed twice.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS, RELAY, slug } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { freeze, pass, stoppable } from './harness/sleep.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const GAME = line('e4 e5 Nf3 Nc6 Bb5 a6 Ba4 Nf6');
/** How soon after waking both must show the same, in ms. */
const AWAKE_MS = 10_000;

/**
 * What each keeps is whole, holds no proof against anybody, and has each move once.
 *
 * @param {string} name
 * @param {Player[]} people
 * @param {number} plies
 */
async function sound(name, people, plies) {
  for (const person of people) {
    const file = join(LOGS, `${slug(name)}-${person.name}.rook`);
    writeFileSync(file, await person.saved('Signed game'));
    const { stdout, status } = spawnSync(RELAY, ['verify', file, '--json'], { encoding: 'utf8' });
    const said = JSON.parse(stdout);
    assert.deepEqual([said.status, said.plies, status], ['verified', plies, 0], person.name);
  }
}

for (const time of ['10 + 0', 'Untimed']) {
  test(`a page that the browser freezes wakes up and plays on (${time})`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const [white, black] = [await browser.player('white'), await browser.player('black')];
    await startGame(white, black, relay.url, { time });
    await playOut({ white, black }, GAME.slice(0, 3));
    // Frozen right behind its own move: that is on its way, or still to be stored.
    await black.play(GAME[3]?.uci ?? '');
    const wake = await freeze(black);
    await pass();
    await wake();
    await Promise.all([white, black].map((person) => person.sees({ ply: 4 }, AWAKE_MS)));
    // Frozen while the other one moves.
    const again = await freeze(black);
    await white.play(GAME[4]?.uci ?? '');
    await pass();
    await again();
    await Promise.all([white, black].map((person) => person.sees({ ply: 5 }, AWAKE_MS)));
    await playOut({ white, black }, GAME.slice(5));
    await sound(t.name, [white, black], GAME.length);
  });

  test(`a device that is stopped as a whole wakes up and plays on (${time})`, async (t) => {
    const relay = await startRelay(t);
    const here = await startBrowser(t);
    const { started: there, stop } = await stoppable(() => startBrowser(t));
    const [white, black] = [await here.player('white'), await there.player('black')];
    await startGame(white, black, relay.url, { time });
    await playOut({ white, black }, GAME.slice(0, 3));
    await black.play(GAME[3]?.uci ?? '');
    const run = stop();
    await pass();
    run();
    await Promise.all([white, black].map((person) => person.sees({ ply: 4 }, AWAKE_MS)));
    const runAgain = stop();
    await white.play(GAME[4]?.uci ?? '');
    await pass();
    runAgain();
    await Promise.all([white, black].map((person) => person.sees({ ply: 5 }, AWAKE_MS)));
    await playOut({ white, black }, GAME.slice(5));
    await sound(t.name, [white, black], GAME.length);
  });

  test(`a move made while the device is offline goes out when it is back (${time})`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const [white, black] = [await browser.player('white'), await browser.player('black')];
    for (const person of [white, black]) {
      person.expectOutage();
      person.expectErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource/);
    }
    await startGame(white, black, relay.url, { time });
    await playOut({ white, black }, GAME.slice(0, 3));
    // The browser leaves open what is open; the relay's end takes that away as well.
    await black.page.context().setOffline(true);
    await relay.stop('SIGKILL');
    await black.page.waitForFunction(
      () => document.getElementById('app')?.dataset.connection !== 'connected',
    );
    await black.play(GAME[3]?.uci ?? '');
    await pass();
    await relay.start();
    await white.sees({ connection: 'connected' }, 60_000);
    assert.notEqual((await black.shown()).connection, 'connected');
    await black.page.context().setOffline(false);
    await Promise.all([white, black].map((person) => person.sees({ ply: 4 }, AWAKE_MS)));
    await playOut({ white, black }, GAME.slice(4));
    await sound(t.name, [white, black], GAME.length);
  });
}
