// The players of a clocked game agree to go on without the clock, with their relay or without any.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS, RELAY, slug } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

const GAME = line('e4 e5 Nf3 Nc6 Bb5 a6 Ba4 Nf6');
const LEAVE = 'Go on without the clock';

test('when the only relay is killed they go on without the clock, and it ends the old game when it is back', async (t) => {
  const relay = await startRelay(t);
  const [one, two] = [await startBrowser(t), await startBrowser(t)];
  const [white, black] = [await one.player('white'), await two.player('black', { phone: true })];
  for (const person of [white, black]) person.expectOutage();
  await startGame(white, black, relay.url, { time: '10 + 0' });
  const players = { white, black };
  await playOut(players, GAME.slice(0, 4));
  for (const person of [white, black]) await person.sees({ path: 'direct' });
  const { game: old = '' } = await white.shown();

  await relay.stop('SIGKILL');
  await white.page.getByRole('region', { name: 'The clock stands' }).waitFor();
  await black.press(LEAVE);
  await white.page.getByRole('region', { name: 'Go on without the clock?' }).waitFor();
  await white.picture('leaving-asked');
  await black.picture('leaving-offered-phone');
  await white.press(LEAVE);
  for (const person of [white, black]) {
    await person.page.waitForFunction(
      (before) => document.getElementById('app')?.dataset.game !== before,
      old,
    );
    await person.sees({ screen: 'game', ply: 4, path: 'direct', whiteMs: '', result: '' });
  }
  const { game: next = '' } = await white.shown();
  assert.equal((await black.shown()).game, next);
  await playOut(players, GAME.slice(4));

  await relay.start();
  for (const person of [white, black]) await person.sees({ connection: 'connected' }, 60_000);
  for (const person of [white, black]) {
    await person.page.getByRole('link', { name: 'The game with the clock' }).click();
    await person.sees({ game: old, result: '*' }, 30_000);
  }
  const file = join(LOGS, `${slug(t.name)}.rook`);
  writeFileSync(file, await white.saved('Signed game'));
  const { stdout } = spawnSync(RELAY, ['verify', file, '--json'], { encoding: 'utf8' });
  assert.deepEqual(
    (({ status, plies, reason }) => ({ status, plies, reason }))(JSON.parse(stdout)),
    { status: 'verified', plies: 4, reason: 'continued' },
  );
  for (const person of [white, black]) {
    await person.page.getByRole('link', { name: 'Open that game' }).click();
    await person.sees({ game: next, ply: GAME.length });
  }
  const pgn = await (await fetch(`${relay.url}games/${next}.pgn`)).text();
  assert.match(pgn, /4\. Ba4 Nf6/);
});

test('an offer is declined, lapses with a move, outlives a reload, and is accepted while the clock runs', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await startGame(white, black, relay.url, { time: '10 + 0' });
  const asked = black.page.getByRole('region', { name: 'Go on without the clock?' });
  const players = { white, black };
  await white.press(LEAVE);
  await asked.waitFor();
  await black.press('Keep the clock');
  await white.page.getByText('Your opponent declined.').first().waitFor();
  await white.press(LEAVE);
  await asked.waitFor();
  await playOut(players, GAME.slice(0, 1));
  await asked.waitFor({ state: 'detached' });
  await white.press(LEAVE);
  await asked.waitFor();
  await white.reload();
  await black.reload();
  await asked.waitFor();
  const { game: old } = await black.shown();
  await black.press(LEAVE);
  for (const person of [white, black]) {
    await person.page.waitForFunction(
      (before) => document.getElementById('app')?.dataset.game !== before,
      old,
    );
    await person.sees({ screen: 'game', ply: 1, whiteMs: '' });
  }
  await playOut(players, GAME.slice(1, 3));
});
