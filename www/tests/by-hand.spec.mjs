// An untimed game with no way from device to device: people pass the moves on themselves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const GAME = line('e4 e5 Nf3 Nc6 Bb5 a6');

/** @param {Player} player */
async function openForm({ page }) {
  await page.getByRole('button', { name: 'Pass moves on by hand' }).click();
  return page.getByRole('dialog', { name: 'Pass moves on by hand' });
}

/** @param {Player} player */
async function textOf(player) {
  const form = await openForm(player);
  const text = await form.getByRole('textbox', { name: 'Your moves as a text' }).inputValue();
  await form.getByRole('img', { name: 'QR code of your moves' }).waitFor();
  await form.getByRole('button', { name: 'Cancel' }).click();
  return text;
}

test('moves go by text and by file, what is none is refused in words, and the relay gets them all', async (t) => {
  const relay = await startRelay(t, { listen: ['/ip4/127.0.0.1/tcp/0/ws'] });
  const browser = await startBrowser(t);
  const players = {
    white: await browser.player('white'),
    black: await browser.player('black', { phone: true }),
  };
  const { white, black } = players;
  for (const person of [white, black]) person.expectOutage();
  // Without a channel between the two devices, nor to the relay by WebRTC.
  await white.open(relay.url);
  for (const person of [white, black]) {
    await person.page.addInitScript(() => {
      Object.assign(globalThis, { RTCPeerConnection: undefined });
    });
  }
  await startGame(white, black, relay.url, { time: 'Untimed' });
  await playOut(players, GAME.slice(0, 2));
  const { game } = await white.shown();
  await relay.stop('SIGKILL');
  for (const person of [white, black]) await person.sees({ path: 'none' });

  await white.play('g1f3');
  const text = await textOf(white);
  assert.match(text, /^rookery-moves:[A-Za-z0-9_-]+$/);
  let form = await openForm(black);
  await black.picture('by-hand-360');
  const field = form.getByRole('textbox', { name: 'The text that your opponent gave you' });
  for (const [bad, words] of [
    ['hello', /no move from Rookery/],
    [text.slice(0, -9), /a part of it is missing/],
    [`${text.slice(0, 20)}A${text.slice(21)}`, /another game/],
  ]) {
    await field.fill(String(bad));
    await form.getByRole('button', { name: 'Take them in' }).click();
    await form.getByRole('alert').filter({ hasText: words }).waitFor();
  }
  await field.fill(`Your move: ${text}`);
  await form.getByRole('button', { name: 'Take them in' }).click();
  await black.sees({ ply: 3 });

  await black.play('b8c6');
  form = await openForm(black);
  const saved = await black.saved('File');
  await form.getByRole('button', { name: 'Cancel' }).click();
  form = await openForm(white);
  await form
    .getByLabel('Or a file, or a picture of their QR code')
    .setInputFiles({ name: 'moves.txt', mimeType: 'text/plain', buffer: saved });
  await white.sees({ ply: 4 });

  await relay.start();
  for (const person of [white, black]) await person.sees({ connection: 'connected' });
  const end = Date.now() + 20_000;
  let pgn = '';
  do {
    pgn = await (await fetch(`${relay.url}games/${game}.pgn`)).text();
  } while (!/2\. Nf3 Nc6/.test(pgn) && Date.now() < end);
  assert.match(pgn, /2\. Nf3 Nc6/);
  await playOut(players, GAME.slice(4));
});
