// A player who was away comes back: the page says which games wait for a move, and finds them at whatever relay is left.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { invite, line, sitDown, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const GAME = line('e4 e5 Nf3 Nc6');
const DAYS = { time: 'Days…', days: '3' };

/**
 * A move that has days is asked about first.
 *
 * @param {Player} player
 * @param {import('./harness/table.mjs').Step | undefined} step
 */
async function playConfirmed(player, step) {
  await player.play(step?.uci ?? '');
  await player.press('Confirm');
}

/** @param {Player} player */
const rows = (player) =>
  player.page.getByRole('region', { name: 'Your games' }).getByRole('listitem').allInnerTexts();

/**
 * @param {Player} player
 * @param {string} title
 */
const titled = ({ page }, title) =>
  page.waitForFunction((wanted) => document.title === wanted, title);

test('games that wait for a move come first, counted in the title, and are told of as they come', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await startGame(white, black, relay.url, DAYS);
  const { game: older = '' } = await black.shown();
  await startGame(white, black, relay.url, { time: 'Untimed' });
  await black.page.goto('about:blank');
  await white.open(`${relay.url}#/game/${older}`);
  await white.sees({ game: older });
  await playConfirmed(white, GAME[0]);
  await white.sees({ ply: 1 });

  await black.open(relay.url);
  await titled(black, '(1) Rookery');
  const [first = '', second = ''] = await rows(black);
  assert.match(first, /Your move/);
  assert.match(second, /You are Black/);
  await black.picture('games-that-wait');
  await black.page.getByRole('link', { name: 'Resume' }).first().click();
  await black.sees({ game: older, ply: 1, fen: GAME[0]?.fen ?? '' });
  await titled(black, '(1) Your move · Rookery');
  await playConfirmed(black, GAME[1]);
  await titled(black, 'Rookery');
  // On the start page it is told as soon as the other one moves.
  await black.page.goto(`${relay.url}#/`);
  await white.sees({ ply: 2 });
  await playConfirmed(white, GAME[2]);
  await titled(black, '(1) Rookery');
  assert.match((await rows(black))[0] ?? '', /Your move/);
});

test('with the relay of the game gone the one beside it has the game and whose turn it is', async (t) => {
  const second = await startRelay(t, { name: 'second' });
  const first = await startRelay(t, { name: 'first' });
  const site = await startSite(t, { relays: [first.address(/\/ws/), second.address(/\/ws/)] });
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  for (const person of [white, black]) person.expectOutage();
  await white.open(site.url);
  await white.sees({ connection: 'connected' });
  // The second connection comes behind the first.
  await new Promise((done) => setTimeout(done, 2000));
  await sitDown(white, black, await invite(white, DAYS));
  const { game = '' } = await black.shown();
  await black.page.close();
  await playConfirmed(white, GAME[0]);
  await white.sees({ ply: 1 });
  // The standby is told within half a second what it does not show by itself.
  await new Promise((done) => setTimeout(done, 2000));
  await white.page.close();
  await first.stop('SIGKILL');

  const back = await browser.tab(black, 'black again');
  back.expectOutage();
  await back.open(site.url);
  await titled(back, '(1) Rookery');
  await back.page.getByRole('link', { name: 'Resume' }).first().click();
  await back.sees({ game, ply: 1, fen: GAME[0]?.fen ?? '' });
  await back.page.getByText('your opponent has not').first().waitFor();
  const again = await browser.tab(white, 'white again');
  again.expectOutage();
  await again.open(`${site.url}#/game/${game}`);
  await again.sees({ ply: 1 });
  await playConfirmed(back, GAME[1]);
  for (const person of [back, again]) await person.sees({ ply: 2 }, 30_000);
});
