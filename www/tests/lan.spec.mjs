// Plain http on a local network: no service worker, no Web Locks, no clipboard, and everything else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAN_NAME, startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut, sitDown } from './harness/table.mjs';

for (const phone of [false, true]) {
  test(`by plain http on a local network ${phone ? 'a phone' : 'a desktop'} plays, and one tab writes`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const url = relay.url.replace('127.0.0.1', LAN_NAME);
    const options = { phone, workers: true };
    const white = await browser.player('white', options);
    const black = await browser.player('black', options);
    await white.open(url);
    assert.deepEqual(
      await white.page.evaluate(() => [
        isSecureContext,
        'serviceWorker' in navigator,
        'locks' in navigator,
        'clipboard' in navigator,
        'subtle' in crypto,
      ]),
      [false, false, false, false, false],
    );
    const link = await invite(white, { time: 'Untimed' });
    assert.ok(link.startsWith(url));
    await white.press('Copy link');
    await white.page.getByText('Link copied.').waitFor();
    await sitDown(white, black, link);
    await playOut({ white, black }, line('e4 e5'));

    const second = await browser.tab(white, 'second tab');
    await second.open(white.page.url());
    await second.sees({ screen: 'game', ply: 2 });
    await second.page.getByText('Another tab plays this game; this one watches.').waitFor();
    await second.page.close();
    await white.reload();
    await white.sees({ screen: 'game', ply: 2 });
    await white.page.locator('.game[data-moving=true]').waitFor();
    const { fen = '' } = await white.shown();
    await playOut({ white, black }, line('Nf3 Nc6', { fen, ply: 2 }));

    await white.open(url);
    await challenge(white, { level: 1, colour: 'White' });
    await white.play('e2e4');
    await white.sees({ ply: 2 });
    await white.reload();
    await white.sees({ screen: 'game', ply: 2 });
  });
}
