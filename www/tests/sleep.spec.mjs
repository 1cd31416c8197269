// A device sleeps, or its network goes: when it is back play goes on by itself, with what was signed before, and nothing is signed twice.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS, RELAY, slug } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { startFreezer, startSleeper } from './harness/sleeping.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/**
 * @import { TestContext } from 'node:test'
 * @import { Player } from './harness/player.mjs'
 * @import { Relay } from './harness/relay.mjs'
 */

/**
 * How long a device sleeps at least, in seconds. A sleep stands for any longer one as soon as both ends have given the connection up: the page does so
 * after 2 s of silence, the relay after 15 s, and the other player sees that.
 */
const SLEEP_S = Number(process.env.ROOKERY_SLEEP_S ?? 3);

const GAME = line('e4 e5 Nf3 Nc6 Bb5 a6');
const asleep = () => new Promise((resolve) => setTimeout(resolve, SLEEP_S * 1000));

/**
 * A way to sleep.
 * @typedef {object} Way
 * @property {Player} white
 * @property {() => Promise<void>} sleep
 * @property {() => Promise<void>} wake
 * @property {(black: Player) => Promise<unknown>} sleeps Waits for a sign that it does.
 * @property {() => Promise<string[]>} [lived] What the page was told of it.
 */

/** @param {Player} black */
const isMissed = (black) =>
  black.page.locator('.status[data-absent=true]').waitFor({ timeout: 40_000 });

/** @type {Record<string, (t: TestContext) => Promise<Way>>} */
const WAYS = {
  'a page that its browser froze': async (t) => {
    const { player: white, freeze, thaw, lived } = await startFreezer(t, 'white');
    return {
      white,
      sleep: freeze,
      wake: thaw,
      sleeps: isMissed,
      lived,
    };
  },
  'a browser that got no time': async (t) => {
    const sleeper = await startSleeper(t);
    return {
      white: await sleeper.browser.player('white'),
      sleep: async () => sleeper.sleep(),
      wake: async () => sleeper.wake(),
      sleeps: isMissed,
    };
  },
  'a device without a network': async (t) => {
    const white = await (await startBrowser(t)).player('white');
    const context = white.page.context();
    return {
      white,
      sleep: () => context.setOffline(true),
      wake: () => context.setOffline(false),
      sleeps: () => white.sees({ connection: 'offline' }, 40_000),
    };
  },
};

/**
 * The signed game that the page gives away; no file is written.
 *
 * @param {Player} player
 */
async function signed({ page }) {
  await page.evaluate(() => {
    const kept = /** @type {typeof globalThis & { given: Promise<ArrayBuffer> }} */ (globalThis);
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => {
      if (blob instanceof Blob) kept.given = blob.arrayBuffer();
      return make(blob);
    };
  });
  await page.getByRole('button', { name: 'Signed game', exact: true }).click();
  const bytes = await page.evaluate(async () => {
    const kept = /** @type {typeof globalThis & { given: Promise<ArrayBuffer> }} */ (globalThis);
    return [...new Uint8Array(await kept.given)];
  });
  return Buffer.from(bytes);
}

/**
 * The signed game is whole, and proves nobody guilty of a second version.
 *
 * @param {TestContext} t
 * @param {Player} player
 * @param {number} plies
 */
async function isSound(t, player, plies) {
  const file = join(LOGS, `${slug(t.name)}.rook`);
  const bytes = await signed(player);
  writeFileSync(file, bytes);
  const { stdout } = spawnSync(RELAY, ['verify', file, '--json'], { encoding: 'utf8' });
  const said = JSON.parse(stdout);
  assert.deepEqual([said.status, said.plies], ['verified', plies], stdout);
  return bytes;
}

/**
 * White's own move is signed while the relay is away; its bytes are those that count in the end.
 *
 * @param {Player} white
 * @param {Relay} relay
 */
async function moveWithoutRelay(white, relay) {
  await relay.stop('SIGKILL');
  await white.play(GAME[2]?.uci ?? '');
  await white.page.locator('[data-pending=true]').waitFor();
  return signed(white);
}

/**
 * The end of the move's record in a signed game, with most of its signature.
 *
 * @param {Buffer} bytes
 */
function lastMove(bytes) {
  const at = bytes.lastIndexOf(GAME[2]?.uci ?? '');
  assert.ok(at > 0, 'the move is in the file');
  return bytes.subarray(at - 150, at + 20);
}

for (const [name, way] of Object.entries(WAYS)) {
  for (const time of ['10 + 0', 'Untimed']) {
    test(`${name} plays on by itself, ${time}`, async (t) => {
      const relay = await startRelay(t);
      const { white, sleep, wake, sleeps, lived } = await way(t);
      const black = await (await startBrowser(t)).player('black');
      for (const person of [white, black]) {
        person.expectOutage();
        person.expectErrors(/ERR_INTERNET_DISCONNECTED/, /Failed to load resource/);
      }
      await startGame(white, black, relay.url, { time });
      await white.press('Direct connection');
      await playOut({ white, black }, GAME.slice(0, 1));

      // The other moves meanwhile.
      await sleep();
      await black.play(GAME[1]?.uci ?? '');
      await Promise.all([sleeps(black), asleep()]);
      await wake();
      await Promise.all([white, black].map((person) => person.sees({ ply: 2 }, 30_000)));

      // The own move was signed, and reached nobody.
      const before = lastMove(await moveWithoutRelay(white, relay));
      await sleep();
      await asleep();
      await relay.start();
      await wake();
      const wanted = { ply: 3, fen: GAME[2]?.fen ?? '' };
      await Promise.all([white, black].map((person) => person.sees(wanted, 30_000)));
      if (lived) assert.deepEqual(await lived(), ['freeze', 'resume', 'freeze', 'resume']);
      await playOut({ white, black }, GAME.slice(3));
      const [mine, theirs] = await Promise.all([white, black].map((one) => isSound(t, one, 6)));
      for (const file of [mine, theirs]) assert.ok(file?.includes(before), 'the same bytes');
    });
  }
}
