// What two players say to each other: chat that is signed and kept nowhere, mute, and a rematch that both must want.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * @param {import('node:test').TestContext} t
 * @param {string} [time]
 */
async function twoPlayers(t, time = '10 + 0') {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await startGame(white, black, relay.url, { time });
  return { relay, white, black };
}

/** @param {Player} player */
const log = ({ page }) => page.getByRole('log', { name: 'Chat' });

/**
 * @param {Player} player
 * @param {string} text
 */
async function talk({ page }, text) {
  const field = page.getByRole('textbox', { name: 'Say something' });
  await field.fill(text);
  await field.press('Enter');
  await page.waitForFunction(
    () => /** @type {HTMLInputElement} */ (document.getElementById('chat-line')).value === '',
  );
}

/**
 * White resigns.
 * @param {{ white: Player, black: Player }} players
 */
async function over({ white, black }) {
  await playOut({ white, black }, line('e4 e5'));
  await white.press('Resign');
  await white.press('Resign');
  await Promise.all([white.sees({ result: '0-1' }), black.sees({ result: '0-1' })]);
}

test('lines go to the other player as text and nothing else, and a muted player is not heard', async (t) => {
  const { relay, white, black } = await twoPlayers(t);
  await talk(white, 'Good luck! <img src=x onerror=alert(1)>');
  await log(black).getByText('Good luck! <img src=x onerror=alert(1)>').waitFor();
  await log(white).getByText('Good luck!').waitFor();
  assert.equal(await log(black).locator('img').count(), 0);
  await talk(black, 'Thanks');
  await log(white).getByText('Thanks').waitFor();

  await black.press('Mute');
  await black.page.getByRole('button', { name: 'Muted', pressed: true }).waitFor();
  await talk(white, 'Hello?');
  await talk(black, 'I hear nothing');
  await log(white).getByText('I hear nothing').waitFor();
  assert.equal(await log(black).getByText('Hello?').count(), 0);
  // Muted stays muted after a reload; what was said is kept nowhere.
  await black.reload();
  await black.sees({ screen: 'game', connection: 'connected' });
  await black.page.getByRole('button', { name: 'Muted', pressed: true }).waitFor();
  await log(black).getByText('Your opponent is muted.').waitFor();

  const { game } = await white.shown();
  const kept = await (await fetch(`${relay.url}games/${game}.rook`)).arrayBuffer();
  assert.equal(Buffer.from(kept).includes('Good luck'), false);
});

test('without chat in the settings there is none', async (t) => {
  const { white, black } = await twoPlayers(t);
  await white.press('Settings');
  await white.page.getByRole('checkbox', { name: 'Talk with the opponent' }).uncheck();
  await white.press('Done');
  await log(white).waitFor({ state: 'detached' });
  await talk(black, 'Anybody there?');
  await playOut({ white, black }, line('e4'));
});

test('a rematch that one offers and the other accepts has the colours swapped', async (t) => {
  const { white, black } = await twoPlayers(t, '5 + 3');
  const { game } = await white.shown();
  await over({ white, black });
  await white.press('Rematch');
  await white.page.getByText('You offer a rematch.').waitFor();
  await black.page.getByText('Your opponent wants a rematch.').waitFor();
  await black.press('Accept rematch');
  await Promise.all([
    white.sees({ screen: 'game', result: '', ply: 0, orientation: 'black' }),
    black.sees({ screen: 'game', result: '', ply: 0, orientation: 'white' }),
  ]);
  assert.notEqual((await white.shown()).game, game);
  assert.equal((await white.shown()).game, (await black.shown()).game);
  await playOut({ white: black, black: white }, line('d4 d5'));
});

test('a rematch is taken back, declined, and offered again', async (t) => {
  const { white, black } = await twoPlayers(t);
  await over({ white, black });
  await white.press('Rematch');
  await black.page.getByRole('button', { name: 'Accept rematch' }).waitFor();
  await white.press('Cancel rematch');
  await black.page.getByRole('button', { name: 'Rematch', exact: true }).waitFor();

  await white.press('Rematch');
  await black.page.getByRole('button', { name: 'Accept rematch' }).waitFor();
  await black.press('Decline');
  await white.page.getByText('Your opponent wants no rematch.').waitFor();
  await white.page.getByRole('button', { name: 'Rematch', exact: true }).waitFor();

  await black.press('Rematch');
  await white.press('Accept rematch');
  await Promise.all([white.sees({ ply: 0, result: '' }), black.sees({ ply: 0, result: '' })]);
  // Nothing of the offers before is left.
  await white.page.getByRole('link', { name: 'Rookery' }).click();
  assert.equal(await white.page.getByText('Open invitation').count(), 0);
});

test('two who offer a rematch at once sit down in one game', async (t) => {
  const { white, black } = await twoPlayers(t);
  await over({ white, black });
  await Promise.all([white.press('Rematch'), black.press('Rematch')]);
  await Promise.all([
    white.sees({ ply: 0, result: '', orientation: 'black' }),
    black.sees({ ply: 0, result: '', orientation: 'white' }),
  ]);
  assert.equal((await white.shown()).game, (await black.shown()).game);
  await playOut({ white: black, black: white }, line('d4 d5'));
});

test('an open invitation is taken back and leaves the lobby', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const creator = await browser.player('creator');
  const other = await browser.player('other');
  await creator.open(relay.url);
  await invite(creator, { lobby: true });
  await other.open(relay.url);
  await other.page.getByRole('button', { name: 'Join' }).waitFor();
  await creator.press('Abort');
  await creator.sees({ screen: 'home' });
  await other.page.getByRole('button', { name: 'Join' }).waitFor({ state: 'detached' });
  assert.equal(await creator.page.getByText('Open invitation').count(), 0);
});

test('a rematch with the computer begins at once, from the other side', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  await challenge(person, { level: 1, colour: 'White' });
  await person.press('Resign');
  await person.press('Resign');
  await person.sees({ result: '0-1' });
  await person.press('Rematch');
  await person.sees({ result: '', orientation: 'black' });
  await person.sees({ ply: 1 });
});
