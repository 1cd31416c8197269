// Moves that are asked about before they are played: by default where each has days, elsewhere where it is wished.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

test('a move that has days stands on the board until it is confirmed or cancelled', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  await startGame(white, black, relay.url, { time: '1 day' });
  const [e4, e5, nf3] = line('e4 e5 Nf3');
  assert.ok(e4 && e5 && nf3);
  const button = (/** @type {typeof white} */ player, /** @type {string} */ name) =>
    player.page.getByRole('button', { name, exact: true });

  await white.play(e4.uci);
  await button(white, 'Confirm').waitFor();
  assert.equal(await white.pieceOn('e4'), 'white pawn');
  await white.sees({ ply: 0 });
  await white.press('Cancel');
  await button(white, 'Confirm').waitFor({ state: 'detached' });
  assert.equal(await white.pieceOn('e4'), '');
  assert.equal(await white.pieceOn('e2'), 'white pawn');

  // Escape takes back, Enter confirms.
  await white.play('d2d4');
  await button(white, 'Confirm').waitFor();
  await white.page.keyboard.press('Escape');
  await button(white, 'Confirm').waitFor({ state: 'detached' });
  await white.play(e4.uci);
  await button(white, 'Confirm').waitFor();
  await white.page.keyboard.press('Enter');
  await Promise.all([white.sees({ ply: 1, fen: e4.fen }), black.sees({ ply: 1, fen: e4.fen })]);

  await black.play(e5.uci);
  await black.press('Confirm');
  await Promise.all([white.sees({ ply: 2 }), black.sees({ ply: 2 })]);

  // Typed moves are asked about too; Enter in the empty field confirms.
  const field = white.page.getByRole('textbox', { name: 'Move' });
  await field.fill('Nf3');
  await field.press('Enter');
  await button(white, 'Confirm').waitFor();
  await white.sees({ ply: 2 });
  await field.press('Enter');
  await Promise.all([white.sees({ ply: 3, fen: nf3.fen }), black.sees({ ply: 3, fen: nf3.fen })]);
});

test('a live game asks only where it is wished, and the wish outlives a reload', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await startGame(white, black, relay.url, { time: '10 + 0' });
  await playOut({ white, black }, line('e4 e5'));
  await white.press('Settings');
  await white.page.getByRole('checkbox', { name: 'In games with a running clock' }).check();
  await white.press('Done');
  await white.reload();
  await white.sees({ screen: 'game', ply: 2, connection: 'connected' });
  await white.play('g1f3');
  await white.page.getByRole('group', { name: 'Play this move?' }).waitFor();
  await white.press('Confirm');
  await Promise.all([white.sees({ ply: 3 }), black.sees({ ply: 3 })]);
});

test('a promotion is chosen first and confirmed then', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  await person.press('Settings');
  await person.page.getByRole('checkbox', { name: 'In games without a clock' }).check();
  await person.press('Done');
  await challenge(person, { level: 1, colour: 'White', fen: '7k/P7/8/8/8/8/8/K7 w - - 0 1' });
  await person.play('a7a8r');
  await person.page.getByText('Play a8=R+?').waitFor();
  assert.equal(await person.pieceOn('a8'), 'white rook');
  await person.press('Confirm');
  await person.page.getByRole('listitem').getByText('a8=R+').waitFor();
});
