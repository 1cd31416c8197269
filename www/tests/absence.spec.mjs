// An opponent who closes the page: the other sees a countdown to the flag, and it falls when it says.

import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/**
 * @param {import('node:test').TestContext} t
 * @param {string} time
 */
async function twoPlayers(t, time) {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await startGame(white, black, relay.url, { time });
  return { relay, white, black, status: white.page.locator('.status-side') };
}

test('who waits for an absent opponent sees when their flag falls, and that they are back', async (t) => {
  const { white, black, status } = await twoPlayers(t, '10 + 0');
  await playOut({ white, black }, line('e4 e5 Nf3'));
  const back = black.page.url();
  await black.page.goto('about:blank');
  await status.getByText(/^Away: their flag falls in 9:5\d, then you win\.$/).waitFor();
  await white.page.locator('.plate').getByText('Away').waitFor();
  await white.page
    .locator('#announcer')
    .getByText(/^Your opponent is away: their flag falls in (9|10) minutes/)
    .waitFor({ state: 'attached' });
  await black.open(back);
  await status.getByText(/^(By relay, \d+ ms|Direct to your opponent)$/).waitFor();
  await black.sees({ ply: 3 });
});

test('the flag falls while the opponent is away, as the countdown said', async (t) => {
  const { white, black, status } = await twoPlayers(t, '0.25|0');
  await playOut({ white, black }, line('e4 e5 Nf3'));
  await black.page.goto('about:blank');
  await status.getByText(/^Away: their flag falls in 0:\d\d/).waitFor();
  await white.sees({ result: '1-0', reason: 'timeout', blackMs: 0 });
});

test('without a clock nothing runs out, and that is said', async (t) => {
  const untimed = await twoPlayers(t, 'Untimed');
  await playOut(untimed, line('e4'));
  await untimed.black.page.goto('about:blank');
  await untimed.status.getByText('Nothing runs out: there is no clock.').waitFor();
});
