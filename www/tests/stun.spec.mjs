// The page asks its relay by STUN under which address it is seen, before its device and the opponent's connect.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/**
 * @param {string} metrics Host and port.
 * @param {string} name
 */
async function counted(metrics, name) {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  return Number(new RegExp(`^rookery_${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

test('two devices ask the relay where they are seen, and connect', async (t) => {
  const relay = await startRelay(t, { options: ['--stun', '127.0.0.1:0'] });
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await startGame(white, black, relay.url, { time: 'Untimed' });
  for (const person of [white, black]) await person.sees({ path: 'direct' });
  const { metrics } = relay.ready;
  assert.ok((await counted(metrics, 'stun_answers_total')) >= 2, 'each device asked');
  assert.equal(await counted(metrics, 'stun_ignored_total'), 0);
  await playOut({ white, black }, line('e4 e5'));
});
