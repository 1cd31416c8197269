// A private relay: the page asks for the word once and keeps it, an invitation carries it where the inviter wants that, and one
// that is wrong or was retired is told.

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { invite } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WORD = 'q7m2x-kd93v-0hzrt-8wbnc';
const NEXT = 'zzzzz-bcdef-ghjkm-npqrs';

/**
 * A file of words that only its owner may read.
 * @param {string} name
 * @param {string[]} words
 */
function wordsFile(name, words) {
  mkdirSync(LOGS, { recursive: true });
  const file = join(LOGS, `${name}.tokens`);
  writeFileSync(file, words.join('\n'));
  chmodSync(file, 0o600);
  return file;
}

/** @param {Player} player */
const asked = ({ page }) => page.getByRole('textbox', { name: 'Word of the relay' });

/**
 * @param {Player} player
 * @param {string} word
 */
async function paste(player, word) {
  await asked(player).fill(word);
  await player.press('Open relay');
}

for (const phone of [false, true]) {
  test(`the word is asked for once, and kept, on ${phone ? 'a phone' : 'a desktop'}`, async (t) => {
    const relay = await startRelay(t, {
      options: ['--token-file', wordsFile(`once-${phone}`, [WORD])],
    });
    const browser = await startBrowser(t);
    const person = await browser.player('person', { phone });
    person.expectErrors(/401/);
    const { page } = person;
    await person.open(relay.url);
    await page
      .getByRole('status')
      .getByText('This relay is private: paste the word your host gave you.')
      .waitFor();
    await person.sees({ connection: 'offline' });
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = /** @type {typeof globalThis & { axe: any }} */ (globalThis);
      return /** @type {import('axe-core').AxeResults} */ (await axe.run()).violations;
    });
    assert.deepEqual(violations, []);
    assert.ok(
      await page.evaluate(
        () => document.documentElement.scrollWidth <= document.documentElement.clientWidth,
      ),
    );
    await person.press('Create game');
    await person.press('Create');
    await page.getByRole('alert').getByText('This relay is private').waitFor();
    await person.press('Cancel');
    await paste(person, 'not-the-word');
    await page.getByRole('status').getByText('The relay does not take that word').waitFor();
    await paste(person, ` ${WORD} `);
    await person.sees({ connection: 'connected' });
    assert.equal(await asked(person).count(), 0);
    await person.reload();
    await person.sees({ connection: 'connected' });
    await invite(person);
    await page.locator('.code').waitFor();
    await page.goto(`${relay.url}#/watch`);
    await page.getByText('No game is played here now.').waitFor();
  });
}

test('an invitation carries the word only where its author wants that, and never to the server', async (t) => {
  const relay = await startRelay(t, { options: ['--token-file', wordsFile('link', [WORD])] });
  const browser = await startBrowser(t);
  const [host, guest, stranger] = [
    await browser.player('host'),
    await browser.player('guest'),
    await browser.player('stranger'),
  ];
  await host.open(relay.url);
  await paste(host, WORD);
  const bare = await invite(host);
  assert.ok(!bare.includes(WORD));
  await stranger.open(bare);
  await asked(stranger).waitFor();
  await host.page.getByRole('checkbox', { name: /The link opens this private relay too/ }).check();
  const link = await host.page.getByRole('textbox', { name: 'Invitation link' }).inputValue();
  assert.ok(link.includes(`token=${WORD}`) && link.indexOf('#') < link.indexOf('token='), link);
  /** @type {string[]} */
  const fetched = [];
  guest.page.on('request', (request) => fetched.push(request.url().split('#', 1)[0] ?? ''));
  await guest.open(link);
  await guest.sees({ screen: 'invitation', connection: 'connected' });
  assert.ok(!guest.page.url().includes(WORD), 'it does not stay in the address');
  assert.ok(fetched.every((url) => !url.includes(WORD)));
  await guest.press('Join');
  await Promise.all([host.sees({ screen: 'game' }), guest.sees({ screen: 'game' })]);
});

test('a page elsewhere asks its private relay across origins', async (t) => {
  const relay = await startRelay(t, { options: ['--token-file', wordsFile('far', [WORD])] });
  const site = await startSite(t, { folder: '/far/', relays: [relay.url] });
  const browser = await startBrowser(t);
  const host = await browser.player('host');
  await host.open(site.url);
  await paste(host, WORD);
  await invite(host);
  await host.page.locator('.code').waitFor();
});

test('a word that was retired is told, and the next one opens again', async (t) => {
  const file = wordsFile('retired', [WORD]);
  const relay = await startRelay(t, { options: ['--token-file', file] });
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  await paste(person, WORD);
  await person.sees({ connection: 'connected' });
  wordsFile('retired', [NEXT]);
  process.kill(relay.pid, 'SIGHUP');
  await person.page.getByRole('status').getByText('your host has given out another one').waitFor();
  await person.sees({ connection: 'offline' });
  await paste(person, NEXT);
  await person.sees({ connection: 'connected' });
  await person.reload();
  await person.sees({ connection: 'connected' });
});
