// What a first visit fetches: who plays the computer is not made to wait for the package that meets people, which is most of
// what the page weighs, and who comes to meet people does not wait for anything else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { invite, line, playOut } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */
/** @import { StaticSite } from './harness/static-site.mjs' */

const FOLDER = '/chess/';

/** @param {StaticSite} site */
const ofPeer = ({ asked }) => asked.filter((path) => /^(peer\.js|packages\/peer\/)/.test(path));

/**
 * The page has always something to do, until the test lets it have nothing.
 * @param {Player} player
 */
async function neverIdle({ page }) {
  await page.addInitScript(() => {
    /** @type {(() => void)[]} */
    const waiting = [];
    Object.assign(globalThis, {
      requestIdleCallback: (/** @type {() => void} */ act) => waiting.push(act),
      letIdle: () => waiting.length > 0 && waiting.splice(0).forEach((act) => act()) === undefined,
    });
  });
}

/**
 * Waits until the page would be idle, and lets it.
 * @param {Player} player
 */
const letIdle = ({ page }) =>
  page.waitForFunction(() => /** @type {{ letIdle?: () => boolean }} */ (globalThis).letIdle?.());

/** @param {Player} player */
const savingData = ({ page }) =>
  page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'connection', { value: { saveData: true } });
  });

for (const phone of [false, true]) {
  const device = phone ? 'a phone' : 'a desktop';
  test(`on ${device} a first visit that plays the computer fetches nothing of the peer`, async (t) => {
    const relay = await startRelay(t);
    const site = await startSite(t, { folder: FOLDER, relays: [relay.url] });
    const browser = await startBrowser(t);
    const person = await browser.player('person', { phone });
    await neverIdle(person);
    await person.open(site.url);
    await challenge(person, { level: 1, colour: 'White' });
    await letIdle(person);
    await person.play('e2e4');
    await person.sees({ ply: 2, connection: 'offline' });
    await person.press('Hint');
    await person.page.locator('svg.arrow').waitFor();
    assert.equal((await person.connection()).short, 'Local');

    // Nor does the next visit, which begins with that game.
    await person.reload();
    await letIdle(person);
    await person.sees({ screen: 'game', ply: 2 });
    await person.play('d2d4');
    await person.sees({ ply: 4 });
    assert.deepEqual(ofPeer(site), []);

    // The front screen shows who waits in the lobby.
    await person.page.getByRole('link', { name: 'Rookery' }).click();
    await person.sees({ screen: 'home', connection: 'connected' });
    assert.ok(ofPeer(site).includes('packages/peer/rookery_web_peer_bg.wasm'));
  });
}

test('left alone on the front screen the page connects when it is idle, and not before', async (t) => {
  const relay = await startRelay(t);
  const site = await startSite(t, { folder: FOLDER, relays: [relay.url] });
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await neverIdle(person);
  await person.open(site.url);
  // Also behind an open form.
  await person.press('Play the computer');
  await letIdle(person);
  await person.page.getByText('Level 3:').waitFor();
  await person.sees({ connection: 'connecting' });
  assert.deepEqual(ofPeer(site), []);
  await person.page.keyboard.press('Escape');
  await person.sees({ connection: 'connected' });
});

for (const [how, come] of /** @type {[string, (player: Player) => Promise<void>][]} */ ([
  ['points at', ({ page }) => page.getByRole('button', { name: 'Create game' }).hover()],
  ['comes by keyboard to', ({ page }) => page.getByRole('button', { name: 'Create game' }).focus()],
  [
    'points at the lobby, away from',
    ({ page }) => page.getByRole('region', { name: 'Lobby' }).hover(),
  ],
])) {
  test(`the peer comes at once for who ${how} what leads to people`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const person = await browser.player('person');
    await neverIdle(person);
    await person.open(relay.url);
    await person.sees({ connection: 'connecting' });
    await come(person);
    await person.sees({ connection: 'connected' });
  });
}

test('a link to a game does not wait until the page is idle, and neither does a device that has met people', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [host, guest] = [
    await browser.player('host'),
    await browser.player('guest', { phone: true }),
  ];
  await host.open(relay.url);
  const link = await invite(host);
  await neverIdle(guest);
  await guest.open(link);
  await guest.sees({ screen: 'invitation' });
  await guest.press('Join');
  await Promise.all([guest.sees({ screen: 'game' }), host.sees({ screen: 'game' })]);
  await playOut({ white: host, black: guest }, line('e4 e5'));

  // On another screen the game still says when it is this player's move.
  await guest.page.goto(`${relay.url}?n=1#/games`);
  await guest.sees({ screen: 'games', connection: 'connected' });
  await guest.page
    .getByRole('link', { name: /Resume|1 move/ })
    .first()
    .waitFor();
});

test('where data is saved nothing is fetched that nobody asked for', async (t) => {
  const relay = await startRelay(t);
  const site = await startSite(t, { folder: FOLDER, relays: [relay.url] });
  const browser = await startBrowser(t);
  const person = await browser.player('person', { workers: true });
  await neverIdle(person);
  await savingData(person);
  await person.open(site.url);
  await letIdle(person);
  const lobby = person.page.getByRole('region', { name: 'Lobby' });
  await lobby.getByText('set to save data').waitFor();
  await lobby.hover();
  const copies = () =>
    person.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
  assert.equal(await copies(), 0);
  assert.deepEqual(ofPeer(site), []);
  assert.ok(!site.asked.includes('precache.js'));
  await lobby.getByRole('button', { name: 'Look' }).click();
  await person.sees({ connection: 'connected' });
  await lobby.getByText('Nobody is waiting').waitFor();
  assert.equal(await copies(), 0, 'the whole page is not fetched for that');
});
