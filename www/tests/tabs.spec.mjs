// One person in two tabs, and after the browser was closed: one tab plays, the other watches, and nothing is lost.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { atEnd } from './harness/ending.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

test('a second tab of the same person watches, and plays as soon as the first is closed', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await startGame(white, black, relay.url, { time: 'Untimed' });
  await playOut({ white, black }, line('e4 e5'));

  const second = await browser.tab(white, 'second tab');
  await second.open(white.page.url());
  await second.sees({ screen: 'game', ply: 2 });
  await second.page.getByText('Another tab plays this game; this one watches.').waitFor();
  await second.drag('g1', 'f3');
  await second.page.getByRole('button', { name: 'Resign', disabled: true }).waitFor();
  assert.equal(await second.page.locator('.game[data-moving=true]').count(), 0);
  const [nf3, nc6] = line('Nf3 Nc6', { fen: (await white.shown()).fen ?? '', ply: 2 });
  assert.ok(nf3 && nc6);
  await playOut({ white, black }, [nf3, nc6]);
  await second.sees({ ply: 4, fen: nc6.fen });

  await white.page.close();
  await second.page.locator('.game[data-moving=true]').waitFor();
  await playOut({ white: second, black }, line('Bb5 a6', { fen: nc6.fen, ply: 4 }));
});

test('a browser that was closed knows its player and its games again', async (t) => {
  const profile = await mkdtemp(join(tmpdir(), 'rookery-profile-'));
  atEnd(t, () => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const black = await browser.player('black');
  const before = await browser.resident('white before', profile);
  await startGame(before, black, relay.url, { time: 'Untimed' });
  await playOut({ white: before, black }, line('d4 d5'));
  const name = (/** @type {typeof before} */ player) =>
    player.page.locator('.plate').filter({ hasText: 'You' }).innerText();
  const plate = await name(before);
  await before.page.context().close();

  const after = await browser.resident('white after', profile);
  await after.open(relay.url);
  await after.page.getByRole('link', { name: 'Resume' }).click();
  await after.sees({ screen: 'game', ply: 2 });
  assert.equal(await name(after), plate);
  const { fen } = await after.shown();
  await playOut({ white: after, black }, line('c4 e6', { fen: fen ?? '', ply: 2 }));
});
