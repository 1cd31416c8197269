// What devices do to a page: no room, no storage, storage that hangs, a clock that is hours off, links that are garbage. Each
// ends in a sentence, and nothing is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut, sitDown, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/** @typedef {typeof globalThis & { full: boolean }} Device */

/** A device whose storage is full while `full` is set. */
function fillable() {
  const device = /** @type {Device} */ (globalThis);
  device.full = false;
  for (const name of /** @type {const} */ (['put', 'add'])) {
    const kept = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (...args) {
      if (device.full) throw new DOMException('no room', 'QuotaExceededError');
      return kept.apply(this, args);
    };
  }
  const setItem = Storage.prototype.setItem;
  Storage.prototype.setItem = function (...args) {
    if (device.full) throw new DOMException('no room', 'QuotaExceededError');
    return setItem.apply(this, args);
  };
}

/** A private window that lets a page store nothing. */
function denied() {
  const deny = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  for (const name of ['localStorage', 'sessionStorage', 'caches', 'indexedDB']) {
    Object.defineProperty(globalThis, name, { get: deny });
  }
  Object.defineProperty(navigator, 'serviceWorker', { get: deny });
}

/** A browser whose storage never answers. */
function hanging() {
  IDBFactory.prototype.open = () => /** @type {IDBOpenDBRequest} */ (new EventTarget());
}

/** A browser with a tab of another version open, which does not let go. */
function blocked() {
  IDBFactory.prototype.open = () => {
    const request = /** @type {IDBOpenDBRequest} */ (new EventTarget());
    setTimeout(
      () => request.onblocked?.(/** @type {IDBVersionChangeEvent} */ (new Event('x'))),
      50,
    );
    return request;
  };
}

/**
 * A clock that is wrong.
 * @param {number} byMs
 */
function offClock(byMs) {
  const Right = Date;
  const now = () => Right.now() + byMs;
  globalThis.Date = new Proxy(Right, {
    construct: (_, args) => new Right(args.length === 0 ? now() : args[0]),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

/**
 * @param {Player} player
 * @param {boolean} full
 */
const fill = ({ page }, full) =>
  page.evaluate((full) => {
    /** @type {Device} */ (globalThis).full = full;
  }, full);

test('on a full device a move of a game with others is refused in words and can be made again', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await white.page.addInitScript(fillable);
  await startGame(white, black, relay.url);
  await playOut({ white, black }, line('e4 e5'));
  await fill(white, true);
  await white.play('g1f3');
  await white.page
    .getByText('The storage of this device is full, so nothing could be kept or sent.')
    .waitFor();
  assert.equal(await white.pieceOn('g1'), 'white knight');
  await black.sees({ ply: 2 });
  await fill(white, false);
  const { fen = '' } = await white.shown();
  await playOut({ white, black }, line('Nf3 Nc6', { fen, ply: 2 }));

  await white.page.getByRole('link', { name: 'Rookery' }).click();
  await fill(white, true);
  await white.press('Create game');
  await white.page.getByRole('button', { name: 'Create', exact: true }).click();
  await white.page.getByRole('dialog').getByText('The storage of this device is full').waitFor();
});

test('on a full device the computer plays on, and what was not kept before is kept later', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person', { phone: true });
  await person.page.addInitScript(fillable);
  await person.open(relay.url);
  await person.sees({ connection: 'connected' });
  await fill(person, true);
  await challenge(person, { level: 1, colour: 'White' });
  await person.page.getByText('does not let the page keep the game now').waitFor();
  await person.play('e2e4');
  await person.sees({ ply: 2 });
  await person.page.getByRole('link', { name: 'Rookery' }).click();
  await person.sees({ screen: 'home' });
  await person.page.getByRole('link', { name: 'Resume' }).click();
  await person.sees({ screen: 'game', ply: 2 });
  await fill(person, false);
  await person.play('d2d4');
  await person.sees({ ply: 4 });
  await person.reload();
  await person.sees({ screen: 'game', ply: 4 });
});

for (const { name, device, words } of [
  {
    name: 'that denies all storage',
    device: denied,
    words: 'The browser lets this page store nothing',
  },
  { name: 'whose storage hangs', device: hanging, words: 'storage does not answer' },
  { name: 'with an older tab in the way', device: blocked, words: 'A tab with an older version' },
]) {
  test(`a browser ${name} says so, and the computer can be played`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const person = await browser.player('person', { workers: true });
    person.expectErrors(/storage|store|older version/i);
    await person.page.addInitScript(device);
    await person.open(relay.url);
    await person.page.getByText('Playing others is not possible').getByText(words).waitFor();
    await person.sees({ connection: 'offline' });
    await person.page.getByRole('button', { name: 'Create game', disabled: true }).waitFor();
    await challenge(person, { level: 1, colour: 'White' });
    await person.page.getByText('does not let the page keep the game now').waitFor();
    await person.play('e2e4');
    await person.sees({ ply: 2 });
    await person.press('Theme: as the device. Change');
    await person.press('Theme: light. Change');
    await person.page.goto(`${relay.url}#/game/${'ab'.repeat(32)}`);
    await person.sees({ screen: 'failed' });
    await person.page.getByRole('alert').getByText(words).waitFor();
  });
}

for (const hours of [-7, 30]) {
  test(`a device whose clock is ${Math.abs(hours)} h ${hours < 0 ? 'behind' : 'ahead'} plays by the right clocks`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const white = await browser.player('white');
    const black = await browser.player('black');
    await white.page.addInitScript(offClock, hours * 3_600_000);
    await startGame(white, black, relay.url, { time: '5 + 3' });
    await playOut({ white, black }, line('e4 e5 Nf3 Nc6'));
    const readings = await Promise.all([white.shown(), black.shown()]);
    for (const { whiteMs, blackMs } of readings) {
      for (const ms of [Number(whiteMs), Number(blackMs)]) {
        assert.ok(ms > 270_000 && ms < 310_000, `${ms} ms are left`);
      }
    }
    const text = white.page.getByRole('textbox', { name: 'Say something' });
    if (!(await text.isVisible())) await white.page.locator('details.chat summary').click();
    await text.fill('What time is it?');
    await text.press('Enter');
    await black.page.getByText('What time is it?').first().waitFor({ state: 'attached' });
    await white.reload();
    await white.sees({ screen: 'game', ply: 4 });
    await black.press('Resign');
    await black.press('Resign');
    const end = { result: '1-0', reason: 'resignation' };
    await Promise.all([white.sees(end), black.sees(end)]);
  });
}

test('links that are garbage or hostile lead home or to a sentence', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  const id = 'ab'.repeat(32);
  const attack = '<img src=x onerror=document.title=1>';
  /** @type {[string, string][]} */
  const links = [
    [`#/game/${id}`, 'failed'],
    [`#/game/${id}?relay=javascript:alert(1)`, 'failed'],
    [`#/game/${id}?relay=${encodeURIComponent(attack)}`, 'failed'],
    [`#/game/${id}?relay=/ip4/127.0.0.1/tcp/9${'/ws'.repeat(500)}`, 'failed'],
    [`#/game/${id}x`, 'home'],
    [`#/game/${attack}`, 'home'],
    [`#/computer/${'9'.repeat(100_000)}`, 'home'],
    [`#/computer/0123456789abcdef`, 'failed'],
    ['#/%E0%A4%A', 'home'],
    ['#?#?&=%', 'home'],
  ];
  for (const [hash, screen] of links) {
    await person.open(`${relay.url}?n=${links.findIndex(([one]) => one === hash)}${hash}`);
    await person.sees({ screen });
    if (screen === 'failed')
      assert.notEqual(await person.page.getByRole('alert').first().innerText(), '');
    assert.equal(await person.page.locator('#app img[src=x]').count(), 0);
  }
  await person.open(relay.url);
  for (const text of [attack, 'x'.repeat(100_000), `#/game/${id.slice(1)}`, '\u202e\u0000']) {
    await person.page.getByLabel('Link or code of a game').fill(text);
    await person.page.getByRole('button', { name: 'Open', exact: true }).click();
    await person.page.getByText('There is no game in this.').waitFor();
  }
  const guest = await browser.player('guest');
  await person.sees({ connection: 'connected' });
  await sitDown(person, guest, await invite(person, { time: 'Untimed' }));
});
