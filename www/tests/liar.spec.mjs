// A relay that lies to two people: both are told in plain words, the proof is a file that anybody can check, and the relay is left.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS, RELAY, slug } from './harness/places.mjs';
import { listen } from './harness/listener.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const GAME = line('e4 e5 Nf3 Nc6 Bc4 Nf6 d3 Bc5');

/**
 * What the relay's program says of a file.
 * @param {string} name
 * @param {Buffer} bytes
 */
function verify(name, bytes) {
  const file = join(LOGS, `${slug(name)}.rook`);
  writeFileSync(file, bytes);
  const { stdout, status } = spawnSync(RELAY, ['verify', file, '--json'], { encoding: 'utf8' });
  return { ...JSON.parse(stdout), exit: status };
}

/** @param {Player} player */
async function assertAccessible({ page }) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = /** @type {typeof globalThis & { axe: any }} */ (globalThis);
    const results = await axe.run(document, { resultTypes: ['violations'] });
    return results.violations.map((/** @type {{ id: string }} */ { id }) => id);
  });
  assert.deepEqual(violations, []);
}

test('a relay that signs two orders is shown to both, with a proof that is checked offline', async (t) => {
  const relay = await startRelay(t, { lie: 'double' });
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  await listen(white.page);
  await startGame(white, black, relay.url, { time: '10 + 0' });
  for (const person of [white, black]) await person.sees({ path: 'direct' });
  await playOut({ white, black }, GAME.slice(0, 4));
  for (const person of [white, black]) {
    const region = person.page.getByRole('region', { name: 'The relay was caught cheating' });
    await region.getByText('signed two different receipts for one place').waitFor();
    const said = verify(`${t.name} ${person.name}`, await person.saved('Save the proof'));
    assert.deepEqual([said.status, said.reason, said.exit], ['proof', 'double-receipt', 1]);
    await assertAccessible(person);
    await region.scrollIntoViewIfNeeded();
    await person.picture(`liar-${person.name}`);
  }
  const heard = await white.page.evaluate(
    () => /** @type {typeof globalThis & { heard: string[] }} */ (globalThis).heard,
  );
  assert.ok(
    heard.some((words) => words.includes('two different receipts')),
    heard.join('\n'),
  );
});

test('an untimed game leaves a relay that lied for the other one of the page, and goes on', async (t) => {
  const liar = await startRelay(t, { lie: 'splice', name: 'liar' });
  const honest = await startRelay(t, { name: 'honest' });
  const site = await startSite(t, { relays: [liar.address(/\/ws/), honest.address(/\/ws/)] });
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await startGame(white, black, site.url, { time: 'Untimed' });
  for (const person of [white, black]) await person.sees({ path: 'direct' });
  await playOut({ white, black }, GAME.slice(0, 4));
  for (const person of [white, black]) {
    await person.page.getByText('receipts that do not form one chain').first().waitFor();
  }
  const { game } = await white.shown();
  // What the other relay has it was told by the players.
  const end = Date.now() + 30_000;
  let pgn = '';
  while (!pgn.includes('Nc6') && Date.now() < end) {
    const answer = await fetch(`${honest.url}games/${game}.pgn`);
    pgn = answer.ok ? await answer.text() : '';
  }
  assert.match(pgn, /Nc6/);
  await playOut({ white, black }, GAME.slice(4));
  const bytes = await white.saved('Save the proof');
  assert.equal(verify(t.name, bytes).reason, 'splice');
});

test('the program says in words what a file proves', async (t) => {
  const relay = await startRelay(t, { lie: 'backwards' });
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await startGame(white, black, relay.url, { time: '10 + 0' });
  await playOut({ white, black }, GAME.slice(0, 4));
  await white.page.getByText('earlier than the one before it').first().waitFor();
  const file = join(LOGS, `${slug(t.name)}.rook`);
  writeFileSync(file, await white.saved('Save the proof'));
  assert.throws(
    () => execFileSync(RELAY, ['verify', file], { encoding: 'utf8' }),
    (/** @type {any} */ { status, stdout }) =>
      status === 1 && /proof that someone signed.*time-runs-back/.test(stdout),
  );
});
