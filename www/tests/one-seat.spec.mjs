// Many people open one invitation at the same moment: one sits down, the others are told so and may watch.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const GUESTS = 8;
/** How close together all must act, in ms. */
const TOGETHER_MS = 50;
/** How far ahead the moment is set, in ms, so that every page knows of it in time. */
const AHEAD_MS = 500;
/** A busy machine may not let all of them act together; then another game is tried. */
const ROUNDS = 4;

/**
 * Lets every page do the same at one moment of the clock that they share: follow a link, or press a button.
 * @param {Player[]} players
 * @param {{ hash?: string, button?: string }} deed
 * @returns {Promise<number>} From the first to the last, in ms.
 */
async function atOnce(players, deed) {
  const at = Date.now() + AHEAD_MS;
  const moments = await Promise.all(
    players.map(({ page }) =>
      page.evaluate(
        ({ at, hash, button }) =>
          new Promise((/** @type {(moment: number) => void} */ resolve) => {
            const act = () => {
              if (hash) location.hash = hash;
              else {
                const found = [...document.querySelectorAll('button')];
                found.find((element) => element.textContent?.trim() === button)?.click();
              }
              resolve(Date.now());
            };
            setTimeout(act, at - Date.now());
          }),
        { at, ...deed },
      ),
    ),
  );
  return Math.max(...moments) - Math.min(...moments);
}

test('of eight who open one invitation at once one sits down, and the others are told and watch', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const creator = await browser.player('creator');
  /** @type {Player[]} */
  const guests = [];
  for (let i = 1; i <= GUESTS; i++) guests.push(await browser.player(`guest ${i}`));
  await Promise.all(
    guests.map(async (guest) => {
      await guest.open(relay.url);
      await guest.sees({ connection: 'connected' });
    }),
  );

  let together = false;
  for (let round = 1; round <= ROUNDS && !together; round++) {
    await creator.open(relay.url);
    const link = await invite(creator, { time: '5 + 3' });
    const opened = await atOnce(guests, { hash: new URL(link).hash });
    await Promise.all(
      guests.map(async ({ page }) => {
        await page.waitForSelector('[data-screen=invitation]');
        await page.getByRole('button', { name: 'Join', disabled: false }).waitFor();
      }),
    );
    const joined = await atOnce(guests, { button: 'Join' });
    t.diagnostic(`round ${round}: opened within ${opened} ms, joined within ${joined} ms`);
    together = opened <= TOGETHER_MS && joined <= TOGETHER_MS;

    await Promise.all([creator, ...guests].map((player) => player.sees({ screen: 'game' })));
    const seated = [];
    for (const guest of guests) {
      const { page } = guest;
      if ((await page.locator('.plate').filter({ hasText: 'You' }).count()) === 1) {
        seated.push(guest);
      } else {
        await page.getByText('Another player took the seat. You are watching.').waitFor();
        assert.equal(await page.getByRole('button', { name: 'Resign' }).count(), 0);
        assert.equal(await page.getByRole('textbox', { name: 'Move' }).count(), 0);
      }
    }
    assert.equal(seated.length, 1, `${seated.map(({ name }) => name)} sat down`);

    const [winner] = seated;
    assert.ok(winner);
    const steps = line('e4 c5');
    await playOut({ white: creator, black: winner }, steps);
    await Promise.all(guests.map((guest) => guest.sees({ ply: 2, fen: steps[1]?.fen ?? '' })));
  }
  assert.ok(together, `in ${ROUNDS} rounds they never acted within ${TOGETHER_MS} ms`);
});
