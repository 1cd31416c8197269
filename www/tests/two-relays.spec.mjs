// Two relays that know each other: who opens the page at one sees and plays what is at the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startTwoRelays } from './harness/relay.mjs';
import { invite, line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/** @typedef {typeof globalThis & { positions: string[] }} Watched */

const OPERA = line(
  'e4 e5 Nf3 d6 d4 Bg4 dxe5 Bxf3 Qxf3 dxe5 Bc4 Nf6 Qb3 Qe7 Nc3 c6 Bg5 b5 Nxb5 cxb5 Bxb5+ Nbd7 ' +
    'O-O-O Rd8 Rxd7 Rxd7 Rd1 Qe6 Bxd7+ Nxd7 Qb8+ Nxb8 Rd8#',
);

/**
 * Notes every position that a page shows from now on.
 * @param {Player} player
 */
async function note({ page }) {
  await page.evaluate(() => {
    const world = /** @type {Watched} */ (globalThis);
    const app = document.getElementById('app');
    if (!app) throw new Error('the page has no main element');
    world.positions = [];
    const look = () => {
      const { fen } = app.dataset;
      if (fen && fen !== world.positions.at(-1)) world.positions.push(fen);
    };
    new MutationObserver(look).observe(app, { attributes: true, attributeFilter: ['data-fen'] });
    look();
  });
}

test('a page at the second relay sees every move of a game at the first, in order', async (t) => {
  const [first, second] = await startTwoRelays(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  const watcher = await browser.player('watcher');
  await startGame(white, black, first.url, { time: '10 + 0' });
  const { game } = await white.shown();
  await playOut({ white, black }, OPERA.slice(0, 2));

  await watcher.open(`${second.url}#/game/${game}`);
  await watcher.sees({ screen: 'game', ply: 2 });
  await watcher.page.getByText('You are watching.').first().waitFor();
  await note(watcher);
  await playOut({ white, black }, OPERA.slice(2));
  const end = { result: '1-0', reason: 'checkmate', ply: OPERA.length };
  await watcher.sees(end);
  const positions = await watcher.page.evaluate(
    () => /** @type {Watched} */ (globalThis).positions,
  );
  assert.deepEqual(
    positions,
    OPERA.slice(1).map(({ fen }) => fen),
  );

  // The watcher holds the same signed bytes, with the receipts of the first relay, and so does the second relay.
  const stored = async (/** @type {string} */ url) =>
    Buffer.from(await (await fetch(`${url}games/${game}.rook`)).arrayBuffer());
  const original = await stored(first.url);
  assert.ok(original.length > OPERA.length * 100);
  assert.deepEqual(await watcher.saved('Signed game'), original);
  assert.deepEqual(await stored(second.url), original);
});

test('a seek at one relay is seen at the other, taken there, and the game is played', async (t) => {
  const [first, second] = await startTwoRelays(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await black.open(second.url);
  await white.open(first.url);
  await invite(white, { time: '3 + 2', lobby: true });

  const seek = black.page.getByRole('region', { name: 'Lobby' }).getByRole('listitem');
  await seek.filter({ hasText: '3 + 2' }).getByRole('button', { name: 'Join' }).click();
  await Promise.all([white.sees({ screen: 'game' }), black.sees({ screen: 'game' })]);
  const mate = line('e4 e5 Qh5 Nc6 Bc4 Nf6 Qxf7#');
  await playOut({ white, black }, mate);
  const end = { result: '1-0', reason: 'checkmate' };
  await Promise.all([white.sees(end), black.sees(end)]);
  assert.deepEqual(await black.saved('Signed game'), await white.saved('Signed game'));
});
