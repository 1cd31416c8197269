// Settings and key are saved to files and brought back, the browser is asked to keep what is stored, and the person reminded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { bring, dropOn } from './harness/files.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut, sitDown } from './harness/table.mjs';

const PASSPHRASE = 'correct horse battery';

/** @param {import('./harness/player.mjs').Player} player @param {string} passphrase @param {string} [again] */
async function fillBackup({ page }, passphrase, again = passphrase) {
  const form = page.getByRole('dialog', { name: 'Back up your key' });
  await form.getByLabel('Passphrase', { exact: true }).fill(passphrase);
  await form.getByLabel('Passphrase, once more').fill(again);
}

test('settings go to a file and come back on another device', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const first = await browser.player('first');
  const second = await browser.player('second', { phone: true });
  await first.open(relay.url);
  await first.press('Settings');
  await first.page.getByRole('checkbox', { name: 'In games with a running clock' }).check();
  const file = String(await first.saved('Save settings'));
  assert.equal(JSON.parse(file).v, 1);

  await second.open(relay.url);
  await dropOn(second.page, 'settings.json', file);
  await second.page
    .locator('.toast')
    .getByText('The settings of settings.json are in use')
    .waitFor();
  await second.reload();
  await second.press('Settings');
  const box = second.page.getByRole('checkbox', { name: 'In games with a running clock' });
  assert.ok(await box.isChecked());
  await second.press('Done');

  for (const [content, words] of [
    [file.replace('"v": 1', '"v": 9'), 'It is from a newer version of Rookery'],
    [file.slice(0, 40), 'It is damaged'],
    ['{"a":1}', 'It is no file of Rookery'],
  ]) {
    await dropOn(second.page, 'odd.json', content ?? '');
    await second.page
      .locator('.toast')
      .getByText(words ?? '')
      .waitFor();
  }
});

test('after the first game with somebody the key is backed up, and another device plays on with it', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await white.open(relay.url);
  const reminder = (/** @type {typeof white} */ { page }) =>
    page.getByText('Your key lies only in this browser.');
  assert.equal(await reminder(white).count(), 0);
  const link = await invite(white);
  await sitDown(white, black, link);
  await playOut({ white, black }, line('f3 e5 g4 Qh4#'));
  await white.sees({ result: '0-1' });
  await reminder(white).waitFor();
  await white.press('Back up…');
  await fillBackup(white, 'short');
  await white.press('Save the file');
  await white.page.getByRole('alert').getByText('at least 8 characters').waitFor();
  await fillBackup(white, PASSPHRASE, 'correct horse buttery');
  await white.press('Save the file');
  await white.page.getByRole('alert').getByText('not the same').waitFor();
  await fillBackup(white, PASSPHRASE);
  const file = await white.saved('Save the file');
  await reminder(white).waitFor({ state: 'detached' });

  // The other one puts it off; it stays away after a reload.
  await black.page.goto(relay.url);
  await reminder(black).waitFor();
  await black.press('Later');
  await reminder(black).waitFor({ state: 'detached' });
  await black.reload();
  await black.sees({ connection: 'connected' });
  assert.equal(await reminder(black).count(), 0);

  // White loses the phone, and goes on at another one.
  const { game } = await white.shown();
  const again = await browser.player('again', { phone: true });
  await again.open(relay.url);
  await again.sees({ connection: 'connected' });
  await bring(again, 'key.json', file);
  const form = again.page.getByRole('dialog', { name: 'Play with another key' });
  await form.getByLabel('Passphrase of the file').fill('wrong passphrase');
  await again.press('Use this key');
  await again.page.getByRole('alert').getByText('not its passphrase').waitFor();
  await form.getByLabel('Passphrase of the file').fill(PASSPHRASE);
  await Promise.all([again.page.waitForEvent('load'), again.press('Use this key')]);
  await again.sees({ screen: 'home', connection: 'connected' });
  await again.page.goto(`${relay.url}#/game/${game}`);
  await again.sees({ screen: 'game', result: '0-1' });
  await again.page.locator('.plate[data-colour="white"]').getByText(/^You/).first().waitFor();
});

test('the browser is asked to keep what is stored after the first game, not before', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.page.addInitScript(() => {
    const asked = /** @type {typeof globalThis & { asked: number }} */ (globalThis);
    asked.asked = 0;
    navigator.storage.persisted = async () => false;
    navigator.storage.persist = async () => {
      asked.asked += 1;
      return true;
    };
  });
  const asked = () =>
    person.page.evaluate(
      () => /** @type {typeof globalThis & { asked: number }} */ (globalThis).asked,
    );
  await person.open(relay.url);
  await person.sees({ connection: 'connected' });
  await person.press('Two at one board');
  assert.equal(await asked(), 0);
  await person.press('Start');
  await person.sees({ screen: 'game' });
  assert.equal(await asked(), 1);
  await person.press('Settings');
  await person.page.getByText('The browser keeps what is stored until you delete it.').waitFor();
});
