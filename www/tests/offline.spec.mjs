// The page on the device: it opens and plays without a network, from any folder of any host, and a new version never
// disturbs a game.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { startSite } from './harness/static-site.mjs';
import { invite, playOut, line, sitDown } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FOLDER = '/some/sub/path/';
/** After so long without being looked at, in ms, a page may change to a new version. */
const HIDDEN_MS = 5000;

/**
 * Waits until the whole page is kept on the device.
 * @param {Player} player
 */
async function kept({ page }) {
  await page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    while (active?.state !== 'activated' || !navigator.serviceWorker.controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
}

/** @param {Player} player */
const cacheNames = ({ page }) => page.evaluate(() => caches.keys());

/** @param {Player} player */
const version = ({ page }) => page.evaluate(() => document.documentElement.dataset.version ?? '');

/** Marks the page, so that a test sees which version it looks at. */
const marked = (/** @type {string} */ name) => (/** @type {string} */ text) =>
  `document.documentElement.dataset.version = '${name}';\n${text}`;

/**
 * The person looks at something else.
 * @param {Player} player
 */
const hide = ({ page }) =>
  page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });

/** @param {Player} player */
const lookForUpdate = ({ page }) =>
  page.evaluate(async () => {
    await (await navigator.serviceWorker.getRegistration())?.update();
  });

/**
 * A page that is kept on a phone and then has no network at all.
 * @param {import('./harness/ending.mjs').Scope} t
 * @param {{ phone?: boolean, relays?: string[] }} options
 */
async function installed(t, { phone = false, relays = /** @type {string[]} */ ([]) } = {}) {
  const site = await startSite(t, { folder: FOLDER, relays });
  const browser = await startBrowser(t);
  const person = await browser.player('person', { phone, workers: true });
  person.expectOutage();
  await person.open(site.url);
  await kept(person);
  return { site, person };
}

for (const phone of [false, true]) {
  const device = phone ? 'a phone' : 'a desktop';
  test(`on ${device} the page opens and plays the computer without a network`, async (t) => {
    const { site, person } = await installed(t, { phone });
    const { page } = person;
    await site.stop();
    await page.context().setOffline(true);
    await person.reload();
    await person.sees({ screen: 'home', connection: 'offline' });

    await challenge(person, { level: 1, colour: 'White' });
    await person.play('e2e4');
    await person.sees({ ply: 2 });
    await person.press('Hint');
    await page.locator('svg.arrow').waitFor();
    await page.goto(`${site.url}?from=home#/`);
    await person.sees({ screen: 'home' });

    await person.press('Two at one board');
    await person.press('Start');
    await person.sees({ screen: 'game' });
    await person.play('d2d4');
    await person.sees({ ply: 1 });
    await person.reload();
    await person.sees({ screen: 'game', ply: 1 });
    assert.deepEqual(
      site.asked.filter((path) => path.startsWith('/')),
      [],
      'all in its folder',
    );
  });
}

test('the page can be installed: a manifest, icons that may be cut round, and colours', async (t) => {
  const site = await startSite(t, { folder: FOLDER, relays: [] });
  const browser = await startBrowser(t);
  const person = await browser.player('person', { workers: true });
  await person.open(site.url);
  const session = await person.page.context().newCDPSession(person.page);
  const { url, errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  assert.equal(url, `${site.url}manifest.webmanifest`);
  const { icons, start_url: start, display } = JSON.parse(data ?? '');
  assert.deepEqual([start, display], ['./', 'standalone']);
  for (const { src, sizes, type, purpose } of icons) {
    const bytes = /** @type {Buffer} */ (site.read(src));
    if (type === 'image/png') {
      assert.equal(
        `${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`,
        sizes,
        `${src} ${purpose}`,
      );
    }
  }
  assert.ok(
    icons.some((/** @type {{ purpose?: string }} */ { purpose }) => purpose === 'maskable'),
  );
  await kept(person);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // A test's browser forgets everything at its end, and such a one installs nothing.
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'),
    [],
  );

  const colours = () =>
    person.page.$$eval('meta[name=theme-color]', (metas) =>
      metas.map((meta) => meta.getAttribute('content')),
    );
  const auto = await colours();
  assert.equal(new Set(auto).size, 2);
  await person.press('Theme: as the device. Change');
  assert.deepEqual(await colours(), [auto[0], auto[0]]);
  await person.press('Theme: light. Change');
  assert.deepEqual(await colours(), [auto[1], auto[1]]);
});

test('a new version is fetched whole, waits for the person, and leaves nothing of the old', async (t) => {
  const { site, person } = await installed(t);
  const { page } = person;
  const before = await cacheNames(person);
  assert.equal(before.length, 1);
  site.asked = [];
  site.publish('theme-boot.js', marked('second'));
  await lookForUpdate(person);
  const notice = page.getByText('A new version is ready.');
  await notice.waitFor();
  const fetched = site.asked.filter(
    (path) => !['sw.js', 'precache.js', 'rookery.json'].includes(path),
  );
  assert.deepEqual(fetched, ['theme-boot.js'], 'what did not change is not fetched again');

  await person.press('Later');
  await notice.waitFor({ state: 'detached' });
  await person.reload();
  assert.equal(await version(person), '', 'a reload alone changes nothing');
  await notice.waitFor();
  const loaded = page.waitForEvent('load');
  await person.press('Reload');
  await loaded;
  await person.sees({ screen: 'home' });
  assert.equal(await version(person), 'second');
  const after = await cacheNames(person);
  assert.equal(after.length, 1);
  assert.notDeepEqual(after, before);
});

for (const phone of [false, true]) {
  test(`what is said of a new version is accessible and fits ${phone ? 'a phone' : 'a desktop'}`, async (t) => {
    // A relay that nobody runs: then a game that is opened is waited for.
    const { site, person } = await installed(t, { phone, relays: ['/ip4/127.0.0.1/tcp/9/ws'] });
    const { page } = person;
    site.publish('theme-boot.js', marked('second'));
    await lookForUpdate(person);
    await page.getByText('A new version is ready.').waitFor();
    await page.evaluate(AXE);
    const looks = async (/** @type {string} */ screen) => {
      for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
        await page.emulateMedia({ colorScheme });
        await person.picture(`${screen}-${phone ? 'phone' : 'desktop'}-${colorScheme}`);
        const found = await page.evaluate(async () => {
          const { axe } = /** @type {typeof globalThis & { axe: any }} */ (globalThis);
          /** @type {import('axe-core').AxeResults} */
          const { violations } = await axe.run(document);
          return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
        });
        assert.deepEqual(found, [], `${screen}, ${colorScheme}`);
      }
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= (page.viewportSize()?.width ?? 0));
    };
    await looks('update');
    await person.press('Settings');
    await page.getByRole('button', { name: 'Reload now' }).waitFor();
    await looks('update-settings');
    await page.goto(`${site.url}#/game/${'ab'.repeat(32)}`);
    await person.sees({ screen: 'opening' });
    await page.context().setOffline(true);
    await page.getByText('This page keeps trying').waitFor();
    await looks('opening');
  });
}

test('a page that nobody looks at and nobody plays on changes to the new version by itself', async (t) => {
  const { site, person } = await installed(t);
  site.publish('theme-boot.js', marked('second'));
  await lookForUpdate(person);
  await person.page.getByText('A new version is ready.').waitFor();
  const loaded = person.page.waitForEvent('load');
  await hide(person);
  await loaded;
  await person.sees({ screen: 'home' });
  assert.equal(await version(person), 'second');
});

test('a new version does not disturb a running game in any tab', async (t) => {
  const site = await startSite(t, { folder: FOLDER, relays: [] });
  const browser = await startBrowser(t);
  const person = await browser.player('person', { workers: true });
  await person.open(site.url);
  await kept(person);
  await challenge(person, { level: 1, colour: 'White' });
  await person.play('e2e4');
  await person.sees({ ply: 2 });
  const other = await browser.tab(person, 'other tab');
  await other.open(site.url);

  site.publish('theme-boot.js', marked('second'));
  await lookForUpdate(person);
  await other.page.getByText('A new version is ready.').waitFor();
  await other.press('Reload');
  await other.page.getByText('another tab of Rookery is playing').waitFor();
  assert.equal(
    await person.page.getByText('A new version').count(),
    0,
    'nothing lies over the game',
  );
  // Nor does it change by itself while nobody looks.
  await hide(person);
  await sleep(HIDDEN_MS + 1000);
  await person.play('d2d4');
  await person.sees({ ply: 4 });
  assert.deepEqual([await version(person), await version(other)], ['', '']);

  // In the settings it can be had at any time; the game goes on where it was.
  await person.press('Settings');
  await other.page.close();
  const loaded = person.page.waitForEvent('load');
  await person.press('Reload now');
  await loaded;
  await person.sees({ screen: 'game', ply: 4 });
  assert.equal(await version(person), 'second');
});

test('a version that is only half there is not taken', async (t) => {
  const { site, person } = await installed(t);
  site.publish('theme-boot.js', marked('broken'), { wrong: true });
  person.expectErrors(/integrity/);
  const became = await person.page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    if (!registration) throw new Error('no worker keeps the page');
    const settled = new Promise((/** @type {(state: ServiceWorkerState) => void} */ resolve) => {
      registration.addEventListener('updatefound', () => {
        const { installing } = registration;
        installing?.addEventListener('statechange', () => resolve(installing.state));
      });
    });
    await registration.update().catch(() => {});
    return settled;
  });
  assert.equal(became, 'redundant', 'it is thrown away');
  await person.reload();
  await person.sees({ screen: 'home' });
  assert.equal(await person.page.getByText('A new version').count(), 0);
  await site.stop();
  await person.reload();
  await person.sees({ screen: 'home' });
  assert.equal(await version(person), '');
});

test('what a relay answers is never kept, and odd requests go past what is kept', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black] = [
    await browser.player('white', { workers: true }),
    await browser.player('black', { workers: true }),
  ];
  await white.open(relay.url);
  await kept(white);
  await white.reload();
  await sitDown(white, black, await invite(white, { time: 'Untimed' }));
  await playOut({ white, black }, line('e4 e5'));
  const { game } = await white.shown();
  const { page } = white;
  const odd = await page.evaluate(async (game) => {
    const status = async (/** @type {string} */ path, /** @type {RequestInit} */ init = {}) =>
      (await fetch(path, init)).status;
    return {
      game: await status(`games/${game}.rook`),
      wellKnown: await status('.well-known/rookery.json'),
      missing: await status('no-such-file.js'),
      part: await status('index.html', { headers: { range: 'bytes=0-9' } }),
      head: await status('index.html', { method: 'HEAD' }),
      query: await status('index.html?fresh'),
      percent: await status('%E0%A4%A'),
    };
  }, game);
  white.expectErrors(/404/, /400/);
  const { percent, ...rest } = odd;
  assert.deepEqual(rest, {
    game: 200,
    wellKnown: 200,
    missing: 404,
    part: 206,
    head: 200,
    query: 200,
  });
  assert.ok(percent >= 400);
  const keys = await page.evaluate(async () => {
    const [name] = await caches.keys();
    return (await (await caches.open(name ?? '')).keys()).map(({ url }) => url);
  });
  assert.ok(keys.some((url) => url.endsWith('/packages/engine/rookery_web_engine_bg.wasm')));
  assert.deepEqual(
    keys.filter((url) => /games\/|well-known|healthz/.test(url)),
    [],
  );
});
