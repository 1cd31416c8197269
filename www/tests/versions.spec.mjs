// A page and a relay of different versions: they say so in words, and understand each other again after an update.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startSite } from './harness/static-site.mjs';

const WELL_KNOWN = '/.well-known/rookery.json';

/**
 * What a relay says of itself.
 * @param {number} version
 */
const relayOf = (version) =>
  JSON.stringify({
    peer_id: '12D3KooWEC7C2fJT9x8UxQBuZX9PTzAkhdmGSt2QyCFPbGvhdrt4',
    addresses: ['/ip4/127.0.0.1/tcp/9/ws'],
    protocols: [`/rookery/game/${version}`],
    versions: [version],
  });

test('a relay that speaks only a newer version is not dialled, and the page says what to do', async (t) => {
  const site = await startSite(t, { relays: ['/'] });
  site.replaceRoot(WELL_KNOWN, relayOf(3));
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  const { page } = person;
  await person.open(site.url);
  await person.sees({ connection: 'offline' });
  const sentence = /The relay is newer than this page.*Reload the page/;
  await page.getByRole('region', { name: 'Lobby' }).getByText(sentence).waitFor();
  assert.match((await person.connection()).words, sentence);
  await person.press('Create game');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('dialog').getByText(sentence).waitFor();
  await page.keyboard.press('Escape');
  await page.goto(`${site.url}#/game/${'ab'.repeat(32)}`);
  await page.locator('#app').getByText(sentence).waitFor();
  await page.goto(`${site.url}#/`);
  await challenge(person, { level: 1, colour: 'White' });
  await person.play('e2e4');
  await person.sees({ ply: 2 });
});

test('an older relay is named as such, and one that is updated is tried again by itself', async (t) => {
  const site = await startSite(t, { relays: ['/'] });
  site.replaceRoot(WELL_KNOWN, relayOf(0));
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  person.expectOutage();
  await person.open(site.url);
  const lobby = person.page.getByRole('region', { name: 'Lobby' });
  await lobby.getByText(/The relay is older than this page.*Whoever runs it/).waitFor();
  site.replaceRoot(WELL_KNOWN, relayOf(1));
  // There is nobody at the address that it names, but it is understood now.
  await lobby.getByText('No relay answers.').waitFor({ timeout: 40_000 });
});

test('a kept page that no longer understands its relay looks for a new version of itself', async (t) => {
  const site = await startSite(t, { relays: ['/'] });
  site.replaceRoot(WELL_KNOWN, relayOf(1));
  const browser = await startBrowser(t);
  const person = await browser.player('person', { workers: true });
  person.expectOutage();
  await person.open(site.url);
  await person.page.evaluate(() => navigator.serviceWorker.ready);
  site.replaceRoot(WELL_KNOWN, relayOf(3));
  site.publish('theme-boot.js', (text) => `${text}\n// newer`);
  // The open page hears of it when it asks again where its relay is; nothing else makes it look.
  await person.page.getByText('A new version is ready.').waitFor({ timeout: 60_000 });
});
