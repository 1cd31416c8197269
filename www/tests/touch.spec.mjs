// On a phone: the board fits however it is held, nothing lies under what the device keeps for itself, and controls keep their
// places.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';

/** @import { Player } from './harness/player.mjs' */

/** @param {import('node:test').TestContext} t */
async function phoneAtBoard(t) {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person', { phone: true });
  await person.open(relay.url);
  await person.press('Two at one board');
  await person.press('Start');
  await person.sees({ screen: 'game' });
  await person.page.locator('cg-board').waitFor();
  return person;
}

/**
 * @param {Player} person
 * @param {string} selector
 */
async function box({ page }, selector) {
  const found = await page.locator(selector).first().boundingBox();
  assert.ok(found, selector);
  return found;
}

test('on its side a phone shows the whole board without scrolling, and the controls beside it', async (t) => {
  const person = await phoneAtBoard(t);
  for (const viewport of [
    { width: 667, height: 375 },
    { width: 932, height: 430 },
  ]) {
    await person.page.setViewportSize(viewport);
    await person.page.waitForFunction((height) => {
      const board = document.querySelector('cg-board')?.getBoundingClientRect();
      return board && board.height > height * 0.9 && board.height <= height;
    }, viewport.height);
    const board = await box(person, 'cg-board');
    assert.ok(board.y >= 0 && board.y + board.height <= viewport.height, JSON.stringify(board));
    const page = await person.page.evaluate(() => [
      document.documentElement.scrollHeight,
      document.documentElement.scrollWidth,
    ]);
    assert.deepEqual(page, [viewport.height, viewport.width]);
    for (const name of ['Takeback', 'Offer draw', 'Resign']) {
      const button = await person.page.getByRole('button', { name }).boundingBox();
      assert.ok(button && button.x >= board.x + board.width, name);
      assert.ok(button.y + button.height <= viewport.height, `${name}: ${JSON.stringify(button)}`);
    }
    const clocks = await person.page.locator('.plate').all();
    for (const plate of clocks) {
      const { y, height } = (await plate.boundingBox()) ?? { y: -1, height: 0 };
      assert.ok(y >= 0 && y + height <= viewport.height, 'both players are in sight');
    }
  }
  await person.play('e2e4');
  await person.sees({ ply: 1 });
});

test('nothing lies under a notch or a bar of the device', async (t) => {
  const person = await phoneAtBoard(t);
  const client = await person.page.context().newCDPSession(person.page);
  const insets = { top: 30, left: 44, right: 44, bottom: 21 };
  await client.send('Emulation.setSafeAreaInsetsOverride', { insets });
  for (const viewport of [
    { width: 740, height: 360 },
    { width: 390, height: 844 },
  ]) {
    await person.page.setViewportSize(viewport);
    await person.page.waitForFunction(([left, width]) => {
      const board = document.querySelector('cg-board')?.getBoundingClientRect();
      return board && board.left >= left && board.right <= width - left;
    }, /** @type {[number, number]} */ ([insets.left, viewport.width]));
    for (const selector of ['cg-board', '.brand', '.actions', '.plate']) {
      const { x, y, width } = await box(person, selector);
      assert.ok(x >= insets.left, `${selector} at ${x}`);
      assert.ok(x + width <= viewport.width - insets.right, `${selector} ends at ${x + width}`);
      assert.ok(y >= insets.top, `${selector} at ${y}`);
    }
    const { y, height } = await box(person, 'cg-board');
    assert.ok(y + height <= viewport.height - insets.bottom);
  }
});

test('controls keep their places through a game, and giving up is asked about', async (t) => {
  const person = await phoneAtBoard(t);
  const places = async () =>
    JSON.stringify([await box(person, '.actions'), await box(person, '.navigation')]);
  const before = await places();
  for (const uci of ['e2e4', 'e7e5', 'g1f3', 'b8c6', 'f1b5']) await person.play(uci);
  await person.sees({ ply: 5 });
  assert.equal(await places(), before);
  const resign = await person.page.getByRole('button', { name: 'Resign' }).boundingBox();
  assert.ok(resign);
  const [x, y] = [resign.x + resign.width / 2, resign.y + resign.height / 2];
  await person.page.touchscreen.tap(x, y);
  await person.page.getByRole('group', { name: 'Resign this game?' }).waitFor();
  assert.equal(await places(), before);
  // A second tap in the same place keeps playing.
  await person.page.touchscreen.tap(x, y);
  await person.page.getByRole('button', { name: 'Offer draw' }).waitFor();
  await person.sees({ result: '' });
  assert.equal(await places(), before);
  await person.press('Resign');
  await person.press('Resign');
  await person.sees({ result: '1-0' });
  assert.equal(await places(), before);
});
