// What a game can be created as: Chess960 by number or lot, from a position, days for each move; and what the guest sees of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, sitDown } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * Plays moves by pointer until both see each.
 * @param {{ white: Player, black: Player }} players
 * @param {string[]} ucis
 */
async function play(players, ucis) {
  for (const [i, uci] of ucis.entries()) {
    await (i % 2 ? players.black : players.white).play(uci);
    const ply = i + 1;
    await Promise.all([players.white.sees({ ply }), players.black.sees({ ply })]);
  }
}

/** @param {import('node:test').TestContext} t */
async function twoPeople(t) {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  await white.open(relay.url);
  return { relay, white, black };
}

test('a game of Chess960 by number is shown to the guest and castles onto the rook', async (t) => {
  const { white, black } = await twoPeople(t);
  // BBQNRKNR: the king on f, its rook on h.
  const link = await invite(white, { time: '3 + 2', chess960: '192' });
  await white.page.getByText('Chess960, number 192').waitFor();
  await black.open(link);
  await black.sees({ screen: 'invitation' });
  await black.page.getByText('Chess960, number 192').waitFor();
  assert.equal(await black.pieceOn('f1'), 'white king');
  await sitDown(white, black, link);
  const { fen } = await white.shown();
  assert.match(fen ?? '', /^bbqnrknr\/pppppppp\/8\/8\/8\/8\/PPPPPPPP\/BBQNRKNR w/);
  await play({ white, black }, ['g1f3', 'g8f6', 'f1h1']);
  const castled = await black.shown();
  assert.match(castled.fen ?? '', /BBQNRRK1 b/);
  assert.equal(await white.pieceOn('g1'), 'white king');
  assert.equal(await white.pieceOn('f1'), 'white rook');
  // Black castles as a premove would: by typing.
  const field = black.page.getByRole('textbox', { name: 'Move' });
  await field.fill('O-O');
  await field.press('Enter');
  await Promise.all([white.sees({ ply: 4 }), black.sees({ ply: 4 })]);
  assert.match((await white.shown()).fen ?? '', /^bbqnrrk1/);
});

test('a game from a position is seen before anybody joins it, from its link or from the lobby', async (t) => {
  const { relay, white, black } = await twoPeople(t);
  const fen = '4k3/8/8/8/8/8/4P3/4K3 w - - 0 1';
  await white.press('Create game');
  const form = white.page.getByRole('dialog', { name: 'Create a game' });
  await form.getByRole('radio', { name: 'Position' }).check();
  await form.getByRole('button', { name: 'Create', exact: true }).click();
  await form.getByRole('alert').getByText('Paste a position').waitFor();
  await form.getByRole('button', { name: 'Cancel' }).click();

  const link = await invite(white, { time: 'Days…', days: '5', fen });
  await black.open(link);
  await black.sees({ screen: 'invitation' });
  await black.page.getByText('From a position').waitFor();
  await black.page.getByText('5 days for each move').waitFor();
  assert.equal(await black.pieceOn('e2'), 'white pawn');
  await sitDown(white, black, link);
  await white.sees({ fen });
  await black.sees({ fen });

  await white.open(relay.url);
  await invite(white, { fen, lobby: true });
  await black.open(relay.url);
  const lobby = black.page.getByRole('region', { name: 'Lobby' });
  await lobby.getByText('10 + 0 · from a position').waitFor();
  assert.equal(await lobby.getByRole('button', { name: 'Join' }).count(), 0);
  await lobby.getByRole('button', { name: 'See' }).click();
  await black.sees({ screen: 'invitation' });
  assert.equal(await black.pieceOn('e2'), 'white pawn');
  await black.press('Join');
  await Promise.all([white.sees({ screen: 'game', fen }), black.sees({ screen: 'game', fen })]);
});

test('a drawn Chess960 start is one of the 960 and listed with its variant', async (t) => {
  const { relay, white, black } = await twoPeople(t);
  await invite(white, { time: '3 + 2', chess960: '', lobby: true });
  await black.open(relay.url);
  const lobby = black.page.getByRole('region', { name: 'Lobby' });
  await lobby.getByText('Chess960').waitFor();
  await black.press('Join');
  await Promise.all([white.sees({ screen: 'game' }), black.sees({ screen: 'game' })]);
  const { fen } = await black.shown();
  const rank = fen?.split('/')[0] ?? '';
  assert.equal([...rank].sort().join(''), 'bbknnqrr');
  assert.match(rank, /r.*k.*r/);
});

test('the way to the relay is told in ms before a game and during it', async (t) => {
  const { white, black } = await twoPeople(t);
  await white.page
    .getByRole('region', { name: 'Lobby' })
    .getByText(/\d+ ms to the relay/)
    .waitFor();
  const link = await invite(white, {});
  await white.page.getByText(/\d+ ms to the relay: good for any/).waitFor();
  await black.open(link);
  await black.page.getByText(/\d+ ms to the relay: good for any/).waitFor();
  await sitDown(white, black, link);
  await white.page
    .locator('.connection')
    .getByText(/^\d+ ms$/)
    .waitFor();
});
