// Links that lead somewhere else than they did: to a relay that is gone, opened without a network, or taken back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut, sitDown } from './harness/table.mjs';

/** A relay that nobody runs. */
const NOBODY = '/ip4/127.0.0.1/tcp/9/ws/p2p/12D3KooWEC7C2fJT9x8UxQBuZX9PTzAkhdmGSt2QyCFPbGvhdrt4';

/** How long a game is looked for at a time, in ms. */
const OPENING_MS = 10_000;

/**
 * The link of a game at another relay.
 * @param {string} link
 */
const elsewhere = (link) => link.replace(/\?relay=.*/, `?relay=${NOBODY}`);

test('a link that names a relay which is gone opens at the relay of its page', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  black.expectOutage();
  await white.open(relay.url);
  const link = await invite(white);
  await sitDown(white, black, elsewhere(link));
  await black.sees({ connection: 'connected' });
  await playOut({ white, black }, line('e4 e5'));

  const lost = elsewhere(link).replace(/game\/[0-9a-f]{64}/, `game/${'ab'.repeat(32)}`);
  await black.page.goto(lost);
  await black.sees({ screen: 'opening' });
  await black.page
    .getByText('The relay that the link names does not answer, and the one of this page')
    .waitFor();
  await black.page.getByText('This page keeps trying').waitFor();
});

test('a link opened without a network says so, and opens by itself when that is back', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { workers: true });
  black.expectOutage();
  black.expectErrors(/ERR_INTERNET_DISCONNECTED/);
  await white.open(relay.url);
  const link = await invite(white);
  const { page } = black;
  await black.open(relay.url);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.close();

  // A new page of the same browser: nothing of it is connected.
  const again = await browser.tab(black, 'black again');
  again.expectOutage();
  again.expectErrors(/ERR_INTERNET_DISCONNECTED/);
  await again.page.context().setOffline(true);
  await again.open(link);
  await again.sees({ screen: 'opening', connection: 'offline' });
  await again.page.getByText('This device is offline.').first().waitFor();
  await again.page.getByText('This page keeps trying').waitFor();
  // Longer than a game is looked for at a time.
  await again.page.waitForTimeout(OPENING_MS + 2000);
  await again.sees({ screen: 'opening' });
  await again.page.context().setOffline(false);
  await again.sees({ screen: 'invitation', connection: 'connected' });
  await again.press('Join');
  await Promise.all([again.sees({ screen: 'game' }), white.sees({ screen: 'game' })]);
});

test('when the network is back the page connects at once, without a wait', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  person.expectOutage();
  person.expectErrors(/ERR_INTERNET_DISCONNECTED/);
  await person.open(relay.url);
  await person.sees({ connection: 'connected' });
  const context = person.page.context();
  await context.setOffline(true);
  await relay.stop();
  await person.sees({ connection: 'offline' });
  // Long enough for the waits to have reached their longest.
  await person.page.waitForTimeout(6000);
  await relay.start();
  const began = performance.now();
  await context.setOffline(false);
  await person.sees({ connection: 'connected' });
  const took = performance.now() - began;
  t.diagnostic(`connected after ${Math.round(took)} ms`);
  assert.ok(took < 1500, `it took ${Math.round(took)} ms`);
});

for (const phone of [false, true]) {
  test(`who waits for an invitation is told when it is taken back, on ${phone ? 'a phone' : 'a desktop'}`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const creator = await browser.player('creator', { phone });
    const guest = await browser.player('guest', { phone });
    const late = await browser.player('late', { phone });
    await creator.open(relay.url);
    const link = await invite(creator, { time: phone ? 'Untimed' : '5 + 3' });
    await guest.open(link);
    await guest.sees({ screen: 'invitation' });

    await creator.press('Abort');
    await creator.sees({ screen: 'home' });
    await creator.page.getByText('No game is running on this device.').waitFor();
    await guest.sees({ screen: 'game', result: '*', reason: 'abort' });
    await guest.page.getByText('The invitation was taken back.').waitFor();
    await late.open(link);
    await late.page.getByText('The invitation was taken back.').waitFor();
    assert.equal(await late.page.getByRole('button', { name: 'Join' }).count(), 0);
  });
}

test('an invitation is not taken back from who has sat down', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const creator = await browser.player('creator');
  const guest = await browser.player('guest');
  await creator.open(relay.url);
  const link = await invite(creator, { time: 'Untimed' });
  await guest.open(link);
  await guest.sees({ screen: 'invitation' });
  await Promise.all([guest.press('Join'), creator.press('Abort')]);
  const { screen } = await guest.sees({ screen: 'game' });
  assert.equal(screen, 'game');
  // Either way both see the same end or the same game.
  const { result } = await guest.shown();
  if (result) await creator.sees({ screen: 'home' });
  else {
    await creator.sees({ screen: 'game' });
    await playOut({ white: creator, black: guest }, line('e4 e5'));
  }
});

test('a guest whom nobody answers is told what that may mean', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const creator = await browser.player('creator');
  const guest = await browser.player('guest');
  await creator.open(relay.url);
  const link = await invite(creator, { time: 'Untimed' });
  await creator.page.close();
  await guest.open(link);
  await guest.sees({ screen: 'invitation' });
  await guest.press('Join');
  await guest.page.getByText('No answer yet: the other player may be away').waitFor();
});
