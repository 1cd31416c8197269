// A player whose page signs two moves for one place: the game ends by the rule, both read why, and the proof is a file that anybody
// can check.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS, RELAY, slug } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { keepChannels } from './harness/channels.mjs';
import { line, playOut, sitDown, invite } from './harness/table.mjs';

const GAME = line('e4 e5 Nf3');

test('two moves for one place, by the channel between the two, end an untimed game for both', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await keepChannels(white);
  await white.open(relay.url);
  await sitDown(white, black, await invite(white, { time: 'Untimed' }));
  for (const person of [white, black]) await person.sees({ path: 'direct' });
  const begun = await white.saved('Signed game');
  await playOut({ white, black }, GAME);

  await white.page.evaluate(
    async ({ url, bytes }) => {
      const opened = indexedDB.open('rookery');
      await new Promise((resolve) => (opened.onsuccess = resolve));
      const kept = opened.result.transaction('keys').objectStore('keys').get('player');
      await new Promise((resolve) => (kept.onsuccess = resolve));
      const { secret } = kept.result;
      const wasm = await import(`${url}packages/peer/rookery_web_peer.js`);
      await wasm.default();
      // A second one of the same key, which knows nothing of the move that was made.
      const second = new wasm.PeerCore(secret);
      second.set_writer(true);
      const loaded = second.load(new Uint8Array(bytes), new Uint8Array());
      const id = loaded.find((/** @type {unknown[]} */ [kind]) => kind === 'changed')[1];
      const [, , , , items] = second.play(id, 'd2d4', false)[0];
      const head = [0xa1, 0x64, ...new TextEncoder().encode('item')];
      const { channels = [] } = /** @type {{ channels?: RTCDataChannel[] }} */ (globalThis);
      const channel = channels.findLast(({ readyState }) => readyState === 'open');
      channel?.send(new Uint8Array([...head, ...head, ...items[0]]));
    },
    { url: relay.url, bytes: [...begun] },
  );

  for (const person of [white, black]) {
    await person.sees({ result: '0-1', reason: 'equivocation' });
    const region = person.page.getByRole('region', { name: 'A player was caught cheating' });
    const who = person === white ? 'Whoever has your key' : 'Your opponent';
    await region.getByText(`${who} signed two different records for one place`).waitFor();
    const file = join(LOGS, `${slug(`${t.name} ${person.name}`)}.rook`);
    writeFileSync(file, await person.saved('Save the proof'));
    const { stdout, status } = spawnSync(RELAY, ['verify', file, '--json'], { encoding: 'utf8' });
    const { status: said, reason, result } = JSON.parse(stdout);
    assert.deepEqual([said, reason, result, status], ['proof', 'equivocation', '0-1', 1]);
    await region.scrollIntoViewIfNeeded();
    await person.picture(`cheat-${person.name}`);
  }
});
