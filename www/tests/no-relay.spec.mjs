// The page on a static host that has no relay, or names one that is none: what works is said, and what does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { invite, line, playOut, sitDown } from './harness/table.mjs';

const SAID = 'There is no relay here, so other people are out of reach.';

for (const { host, relays, phone } of [
  { host: 'that names no relay', relays: [], phone: true },
  { host: 'that is named as its own relay and is none', relays: ['/'], phone: false },
]) {
  test(`on a host ${host} the computer and one board can be played, and links to other relays`, async (t) => {
    const relay = await startRelay(t);
    const site = await startSite(t, { folder: '/chess/', relays });
    const browser = await startBrowser(t);
    const person = await browser.player('person', { phone });
    person.expectErrors(/404/);
    await person.open(site.url);
    await person.page.locator('.notice').getByText(SAID).waitFor();
    assert.equal((await person.connection()).short, 'No relay');
    await person.page.getByRole('button', { name: 'Create game', disabled: true }).waitFor();
    await challenge(person, { level: 1, colour: 'White' });
    await person.play('e2e4');
    await person.sees({ ply: 2 });

    await person.open(`${site.url}#/watch`);
    await person.page.getByRole('status').getByText('This page has no relay').waitFor();

    // A link that names no relay leads nowhere here, and nobody is made to wait for it.
    await person.open(`${site.url}?n=1#/game/${'ab'.repeat(32)}`);
    await person.sees({ screen: 'failed' });
    await person.page.getByRole('alert').getByText('the link names none').waitFor();

    // One that names a relay is as good as anywhere.
    const host = await browser.player('host');
    await host.open(relay.url);
    const link = await invite(host);
    await sitDown(host, person, link.replace(relay.url, `${site.url}?n=2`));
    await playOut({ white: host, black: person }, line('e4 e5'));
  });
}

test('a relay that does not answer is asked again and again, and that is said', async (t) => {
  const relay = await startRelay(t);
  const site = await startSite(t, { relays: [relay.url] });
  await relay.stop();
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  person.expectOutage();
  await person.open(site.url);
  await person.sees({ connection: 'offline' });
  await person.page
    .getByRole('region', { name: 'Lobby' })
    .getByText('No relay answers. Trying again')
    .waitFor();
  assert.equal(await person.page.getByText(SAID).count(), 0);
  await relay.start();
  await person.sees({ connection: 'connected' });
});
