// Two people at one device: both sides are moved, moves are taken back, the board may turn, and the game is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { line } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * @param {import('node:test').TestContext} t
 * @param {{ phone?: boolean }} [options]
 */
async function person(t, options) {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const player = await browser.player('person', options);
  await player.open(relay.url);
  return player;
}

/**
 * @param {Player} player At home.
 * @param {{ turning?: boolean, chess960?: string, fen?: string }} [choice]
 */
async function sitTogether(player, { turning = false, chess960, fen } = {}) {
  await player.press('Two at one board');
  const form = player.page.getByRole('dialog', { name: 'Two at one board' });
  if (chess960 !== undefined) {
    await form.getByRole('radio', { name: 'Chess960' }).check();
    await form.getByLabel('Number, 0 to 959').fill(chess960);
  }
  if (fen !== undefined) {
    await form.getByRole('radio', { name: 'Position' }).check();
    await form.getByLabel('Position (FEN)').fill(fen);
  }
  if (turning) await form.getByRole('checkbox', { name: 'Turn the board' }).check();
  await form.getByRole('button', { name: 'Start', exact: true }).click();
  return player.sees({ screen: 'game' });
}

test('both sides are moved, taken back, kept over a reload and played to mate', async (t) => {
  const player = await person(t);
  await sitTogether(player);
  const steps = line('f3 e5 g4 Qh4#');
  for (const { uci, ply, fen } of steps.slice(0, 3)) {
    await player.play(uci);
    await player.sees({ ply, fen, orientation: 'white' });
  }
  await player.press('Takeback');
  await player.press('Takeback');
  await player.sees({ ply: 1 });
  await player.page.locator('.status').getByText('Black to move').waitFor();
  await player.reload();
  await player.sees({ screen: 'game', ply: 1, fen: steps[0]?.fen ?? '' });
  for (const { uci, ply, fen } of steps.slice(1)) {
    await player.play(uci);
    await player.sees({ ply, fen });
  }
  await player.sees({ result: '0-1', reason: 'checkmate' });
  await player.page.locator('.status').getByText('Black won', { exact: true }).waitFor();
  await player.page.getByRole('link', { name: 'Rookery' }).click();
  await player.page.getByText('Finished games').click();
  await player.page.getByText('At one board', { exact: true }).waitFor();
});

test('on a phone the board turns to whoever is to move, until that is switched off', async (t) => {
  const player = await person(t, { phone: true });
  await sitTogether(player, { turning: true });
  await player.play('e2e4');
  await player.sees({ ply: 1, orientation: 'black' });
  await player.play('e7e5');
  await player.sees({ ply: 2, orientation: 'white' });
  await player.press('Board turns');
  await player.play('g1f3');
  await player.sees({ ply: 3, orientation: 'white' });
  const width = await player.page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 360);
});

test('a draw and a resignation are asked about first', async (t) => {
  const player = await person(t);
  await sitTogether(player, { fen: '4k3/8/8/8/8/8/4P3/4K3 b - - 0 1' });
  await player.page.locator('.status').getByText('Black to move').waitFor();
  await player.press('Resign');
  await player.page.getByText('Does Black give up?').waitFor();
  await player.press('Keep playing');
  await player.press('Offer draw');
  await player.sees({ result: '' });
  await player.press('Agree draw');
  await player.sees({ result: '1/2-1/2', reason: 'agreement' });
});

test('Chess960 at one board castles onto the rook', async (t) => {
  const player = await person(t);
  await sitTogether(player, { chess960: '192' });
  for (const [i, uci] of ['g1f3', 'g8f6', 'f1h1', 'f8h8'].entries()) {
    await player.play(uci);
    await player.sees({ ply: i + 1 });
  }
  assert.match((await player.shown()).fen ?? '', /^bbqnrrk1\/.*\/BBQNRRK1 w/);
});
