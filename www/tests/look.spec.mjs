// How the board looks and sounds: themes, pieces, marks with shapes of their own, contrast, sounds and vibration.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * @param {Player} player
 * @param {string} selector
 * @param {string} property
 */
const style = ({ page }, selector, property) =>
  page
    .locator(selector)
    .first()
    .evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);

for (const phone of [false, true]) {
  test(`board and pieces are chosen, shown at once and kept (${phone ? 'phone' : 'desktop'})`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const person = await browser.player('person', { phone });
    await person.open(relay.url);
    await person.press('Two at one board');
    await person.press('Start');
    await person.sees({ screen: 'game' });
    await person.page.locator('cg-board piece.white.king').waitFor();
    const before = [
      await style(person, 'cg-board', 'background-image'),
      await style(person, 'cg-board piece.white.king', 'background-image'),
    ];
    await person.press('Settings');
    const form = person.page.getByRole('dialog', { name: 'Settings' });
    await form.getByRole('radio', { name: 'Wood' }).check();
    await form.getByRole('radio', { name: 'Bold' }).check();
    const after = [
      await style(person, 'cg-board', 'background-image'),
      await style(person, 'cg-board piece.white.king', 'background-image'),
    ];
    assert.notEqual(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    await person.press('Done');
    // Kept, and there before anything is drawn.
    await person.page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (!document.querySelector('cg-board')) return;
        observer.disconnect();
        const { board, pieces } = document.documentElement.dataset;
        Object.assign(globalThis, { atFirst: `${board} ${pieces}` });
      }).observe(document, { subtree: true, childList: true });
    });
    await person.reload();
    await person.page.locator('cg-board piece.white.king').waitFor();
    assert.equal(await style(person, 'cg-board', 'background-image'), after[0]);
    assert.equal(await style(person, 'cg-board piece.white.king', 'background-image'), after[1]);
    assert.equal(
      await person.page.evaluate(() => /** @type {any} */ (globalThis).atFirst),
      'wood bold',
    );
    // The form knows what was chosen, and another choice leaves that as it is.
    await person.press('Settings');
    await form.getByRole('radio', { name: 'Wood', checked: true }).waitFor();
    await form.getByRole('radio', { name: 'Bold', checked: true }).waitFor();
    await form.getByRole('checkbox', { name: 'In games without a clock' }).click();
    await person.press('Done');
    await person.reload();
    await person.page.locator('cg-board piece.white.king').waitFor();
    assert.equal(await style(person, 'cg-board', 'background-image'), after[0]);
  });
}

test('marks differ in shape, not in colour alone', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  await person.press('Two at one board');
  await person.press('Start');
  await person.page.locator('cg-board piece.white.king').waitFor();
  // One square of each kind, as chessground would draw it.
  const marks = ['last-move', 'selected', 'check', 'premove', 'advised', 'move-dest'];
  await person.page.locator('cg-board').evaluate((board, names) => {
    for (const name of names) {
      const square = document.createElement('square');
      square.className = name;
      board.append(square);
    }
  }, marks);
  const shapes = [];
  for (const mark of marks) {
    const square = `cg-board square.${mark}`;
    const frame = (await style(person, square, 'box-shadow')).replace(/rgba?\([^)]*\)/g, '');
    const outline = await style(person, square, 'outline-style');
    const filling = (await style(person, square, 'background-image')).split('(')[0];
    shapes.push(`${frame} ${outline} ${filling}`);
  }
  assert.equal(new Set(shapes).size, marks.length, shapes.join('\n'));
});

test('the colours of the device and more contrast are followed', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  await person.press('Two at one board');
  await person.press('Start');
  await person.page.locator('cg-board piece.white.king').waitFor();
  await person.play('e2e4');
  await person.sees({ ply: 1 });
  await person.page.emulateMedia({ forcedColors: 'active' });
  // Squares and pieces stay: without them there is no game.
  assert.match(await style(person, 'cg-board', 'background-image'), /conic-gradient/);
  assert.match(await style(person, 'cg-board piece.white.king', 'background-image'), /^url/);
  assert.match(await style(person, '.disc[data-colour=black]', 'background-color'), /35, 40, 44/);
  // What is chosen is told by the device's colour for it.
  const current = await style(person, '.move[aria-current=step]', 'background-color');
  assert.notEqual(current, await style(person, '.panel', 'background-color'));
  await person.picture('forced-colors');
  await person.page.emulateMedia({ forcedColors: 'none', contrast: 'more' });
  assert.equal(await style(person, 'html', 'color'), 'rgb(0, 0, 0)');
  assert.equal(await style(person, '.plate small', 'color'), 'rgb(48, 48, 48)');
});

/**
 * Notes what is sounded and shaken, in the pages opened from now on.
 * @param {Player} player
 */
async function attend({ page }) {
  await page.addInitScript(() => {
    /** @type {string[]} */
    const noticed = [];
    Object.assign(globalThis, { noticed });
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      noticed.push(`${this.type} ${Math.round(this.frequency.value)}`);
      start.apply(this, when);
    };
    const set = AudioParam.prototype.setValueAtTime;
    AudioParam.prototype.setValueAtTime = function (value, at) {
      this.value = value;
      return set.call(this, value, at);
    };
    navigator.vibrate = (/** @type {unknown} */ pattern) => {
      noticed.push(`vibrate ${pattern}`);
      return true;
    };
  });
}

/**
 * Waits for what is noticed next, all of it.
 * @param {Player} player
 * @param {string[]} wanted
 */
async function notices({ page, name }, wanted) {
  const now = () => page.evaluate(() => /** @type {any} */ (globalThis).noticed);
  await page
    .waitForFunction(
      (count) => /** @type {any} */ (globalThis).noticed.length >= count,
      wanted.length,
    )
    .catch(async () => assert.fail(`${name} waited for ${wanted}, noticed ${await now()}`));
  assert.deepEqual(await now(), wanted, name);
  await page.evaluate(() => /** @type {any} */ (globalThis).noticed.splice(0));
}

const MOVE = ['sine 273'];
const CAPTURE = ['sine 187', 'sine 313'];
const CHECK = ['triangle 740', 'triangle 988'];
const OFFER = ['triangle 880', 'triangle 698'];
const END = ['triangle 784', 'triangle 659', 'triangle 523'];
const START = ['triangle 523', 'triangle 659', 'triangle 784'];

test('what happens is heard and felt, each once', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  await attend(white);
  await attend(black);
  await startGame(white, black, relay.url);
  await notices(white, [...START, 'vibrate 60,60,60']);
  await notices(black, [...START, 'vibrate 60,60,60']);
  const players = { white, black };
  const moves = line('e4 f6 Qh5+ g6 Qxg6+ hxg6');
  await playOut(players, moves.slice(0, 1));
  await notices(white, MOVE);
  await notices(black, [...MOVE, 'vibrate 30']);
  await playOut(players, moves.slice(1, 2));
  await notices(white, [...MOVE, 'vibrate 30']);
  await notices(black, MOVE);
  await playOut(players, moves.slice(2, 3));
  await notices(white, [...MOVE, ...CHECK]);
  await notices(black, [...MOVE, ...CHECK, 'vibrate 40,60,40']);
  // In silence and at rest.
  await black.press('Settings');
  await black.page.getByRole('checkbox', { name: 'Sounds for moves' }).uncheck();
  await black.page.getByRole('checkbox', { name: 'Vibrate' }).uncheck();
  await black.press('Done');
  await playOut(players, moves.slice(3, 5));
  await notices(white, [...MOVE, 'vibrate 30', ...CAPTURE, ...CHECK]);
  await notices(black, []);
  await black.press('Offer draw');
  await playOut(players, moves.slice(5));
  await notices(white, [...CAPTURE, ...OFFER, 'vibrate 40,80,40']);
  await white.press('Accept draw');
  await white.sees({ result: '1/2-1/2' });
  await notices(white, [...END, 'vibrate 200']);
  await black.sees({ result: '1/2-1/2' });
  await notices(black, []);
});

test('low time is heard once and said', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await attend(white);
  await startGame(white, black, relay.url, { time: '0.5|0' });
  await playOut({ white, black }, line('e4 e5'));
  await notices(white, [...START, 'vibrate 60,60,60', ...MOVE, ...MOVE, 'vibrate 30']);
  await notices(white, [
    ...['triangle 1175', 'triangle 1175', 'triangle 1175'],
    'vibrate 80,60,80,60,80',
  ]);
  await white.page
    .locator('#announcer')
    .getByText('10 seconds left.')
    .waitFor({ state: 'attached' });
  await notices(white, []);
});
