// A friend by a code to type: shown beside link and QR code, typed on the first screen, however people type it.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { invite, line, playOut } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * The code that stands beside an invitation, as it is seen and as it is heard.
 * @param {Player} player Waiting.
 */
async function codeOf({ page }) {
  const code = page.locator('.code');
  const seen = await code.innerText();
  assert.match(seen, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  const heard = (await page.locator('.code + .hidden').textContent()) ?? '';
  assert.equal(heard.replace(/[ .]/g, ''), seen.replace('-', ','), 'letter by letter');
  return seen;
}

/**
 * @param {Player} player At home.
 * @param {string} text
 */
async function enter({ page }, text) {
  await page.getByRole('textbox', { name: 'Link or code of a game' }).fill(text);
  await page.keyboard.press('Enter');
}

/** @param {Player} player */
async function assertAccessible({ page }) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = /** @type {typeof globalThis & { axe: any }} */ (globalThis);
    return /** @type {import('axe-core').AxeResults} */ (await axe.run()).violations;
  });
  assert.deepEqual(violations, []);
}

/** @param {Player} player */
const fits = ({ page }) =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

for (const phone of [false, true]) {
  const device = phone ? 'a phone' : 'a desktop';
  test(`a code is told and typed on ${device}, and the game begins`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const host = await browser.player('host', { phone });
    const guest = await browser.player('guest', { phone });
    await host.open(relay.url);
    await invite(host);
    const code = await codeOf(host);
    await host.page
      .getByText(`on the first screen of this page, ${relay.ready.http}, until`)
      .waitFor();
    await assertAccessible(host);
    assert.ok(await fits(host));

    await guest.open(relay.url);
    await enter(
      guest,
      `  ${code.toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l').replace('-', ' ')}`,
    );
    await guest.sees({ screen: 'invitation' });
    await guest.press('Join');
    await Promise.all([guest.sees({ screen: 'game' }), host.sees({ screen: 'game' })]);
    await playOut({ white: host, black: guest }, line('e4 e5'));

    // The seat is taken: the code leads nowhere, for whoever heard it too.
    const late = await browser.player('late', { phone });
    late.expectErrors(/404/);
    await late.open(relay.url);
    await enter(late, code);
    await late.page.getByRole('alert').getByText('No open game has this code here').waitFor();
    assert.equal(await late.page.locator('.home').count(), 1);
    await assertAccessible(late);
    assert.ok(await fits(late));
  });
}

test('a relay that starts anew has forgotten the code, and the invitation shows another one', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const host = await browser.player('host');
  await host.open(relay.url);
  await invite(host);
  const before = await codeOf(host);
  const guest = await browser.player('guest');
  for (const player of [host, guest]) player.expectOutage();
  // Its game may not be in memory yet when the page asks.
  for (const player of [host, guest]) player.expectErrors(/404/);
  await relay.stop();
  await relay.start();
  await host.page.waitForFunction(
    (old) => document.querySelector('.code')?.textContent !== old,
    before,
  );
  const after = await codeOf(host);
  await guest.open(relay.url);
  await enter(guest, before);
  await guest.page.getByRole('alert').getByText('No open game has this code here').waitFor();
  await enter(guest, after);
  await guest.sees({ screen: 'invitation' });
});

test('who tries too many codes is told so, and the link still works', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [host, guest] = [
    await browser.player('host'),
    await browser.player('guest', { phone: true }),
  ];
  guest.expectErrors(/404/, /429/);
  await host.open(relay.url);
  const link = await invite(host);
  const code = await codeOf(host);
  await guest.open(relay.url);
  const alert = guest.page.locator('#paste-error');
  for (let n = 0; n < 20; n += 1) {
    await enter(guest, `0000-00${String(n).padStart(2, '0')}`);
    await guest.page.getByRole('button', { name: 'Open', disabled: false }).waitFor();
    await alert.getByText('No open game').waitFor();
  }
  await enter(guest, code);
  await alert.getByText('Too many codes were tried').waitFor();
  await enter(guest, link);
  await guest.sees({ screen: 'invitation' });
});

test('a page whose relay knows no codes, or has none, or does not answer, says so', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const lone = await startSite(t, { folder: '/lone/', relays: [] });
  const far = await startSite(t, { folder: '/far/', relays: [relay.url] });
  const person = await browser.player('person');
  await person.open(lone.url);
  await enter(person, 'K7QM2X9P');
  await person.page.getByRole('alert').getByText('No relay of this page knows codes').waitFor();

  // A page elsewhere asks its relay across origins.
  const [host, guest] = [await browser.player('host'), await browser.player('guest')];
  await host.open(far.url);
  await invite(host);
  const code = await codeOf(host);
  await guest.open(far.url);
  await enter(guest, code);
  await guest.sees({ screen: 'invitation' });

  for (const player of [host, guest, person]) player.expectOutage();
  await relay.stop();
  await person.open(far.url);
  await enter(person, code);
  await person.page.getByRole('alert').getByText('The relay does not answer').waitFor();
  person.expectErrors(/404|ERR_/);
});

test('a host may offer no codes: then nothing is said of any', async (t) => {
  mkdirSync(LOGS, { recursive: true });
  const config = join(LOGS, 'no-codes.toml');
  writeFileSync(config, '[limits]\ncodes = 0\n');
  const relay = await startRelay(t, { options: ['--config', config] });
  const browser = await startBrowser(t);
  const host = await browser.player('host');
  await host.open(relay.url);
  await invite(host);
  await host.page.getByText('Or let them scan it.').waitFor();
  assert.equal(await host.page.getByText('Or tell them a code').count(), 0);
});
