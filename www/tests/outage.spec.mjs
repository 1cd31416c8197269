// A page whose relay is away says so, lets a game with the computer go on, and comes back by itself.

import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';

test('without its relay the page says so in words, goes on with the computer, and comes back by itself', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  person.expectOutage();
  await person.open(relay.url);
  await person.sees({ connection: 'connected' });
  const { page } = person;
  await page.getByText('Nobody is waiting right now.').waitFor();

  await person.press('Play the computer');
  const form = page.getByRole('dialog', { name: 'Play the computer' });
  await form.getByRole('radio', { name: 'White', exact: true }).check();
  await form.getByRole('radio', { name: '1', exact: true }).check();
  await form.getByRole('button', { name: 'Start', exact: true }).click();
  await person.sees({ screen: 'game' });
  await person.play('e2e4');
  await person.sees({ ply: 2 });

  await relay.stop();
  await person.sees({ connection: 'reconnecting' });
  await page.getByRole('banner').getByText('Reconnecting…').waitFor();
  await person.play('g1f3');
  await person.sees({ ply: 4 });
  await page.getByRole('link', { name: 'Rookery' }).click();
  await person.sees({ screen: 'home' });
  const { words } = await person.connection();
  await page.getByRole('region', { name: 'Lobby' }).getByText(words).waitFor();

  await relay.start();
  await person.sees({ connection: 'connected' });
  await page.getByRole('banner').getByText('Connected', { exact: true }).waitFor();
  await page.getByText('Nobody is waiting right now.').waitFor();
});
