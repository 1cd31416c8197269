// People: a name bound to the key, names given to others, contacts and their invitations, and who is blocked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut, sitDown, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * Takes a name, on the first screen.
 * @param {Player} player
 * @param {string} name
 */
async function takeName({ page }, name) {
  await page.getByRole('button', { name: 'Names and contacts' }).click();
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}

/**
 * The opponent's plate, as a button that leads to what is known of them.
 * @param {Player} player
 */
const opponent = ({ page }) => page.locator('button.plate-who');

test('a name goes to the opponent beside the key, and one that borrows is not shown', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  await white.open(relay.url);
  await takeName(white, 'Anna \u202e<img src=x onerror=alert(1)>');
  await black.open(relay.url);
  await takeName(black, 'Bert');
  await sitDown(white, black, await invite(white));
  const shown = opponent(black).getByText(/^Anna <img src=x onerror= \([0-9a-f]{4}·[0-9a-f]{4}\)$/);
  await shown.waitFor();
  assert.equal(await black.page.locator('img').count(), 0);
  await opponent(white)
    .getByText(/^Bert \(/)
    .waitFor();
  // It stays after a reload, and in the list of games.
  await white.reload();
  await opponent(white)
    .getByText(/^Bert \(/)
    .waitFor();
  await white.page.getByRole('link', { name: 'Rookery' }).click();
  await white.page
    .getByRole('region', { name: 'Your games' })
    .getByText(/^Bert \(/)
    .waitFor();

  // Black is given a name here; nobody else takes it then.
  await white.page.getByRole('link', { name: 'Resume' }).click();
  await opponent(white).click();
  const form = white.page.getByRole('dialog', { name: 'Bert' });
  await form.getByText('They call themselves Bert.').waitFor();
  await form.getByLabel('Your name for them').fill('Uncle');
  await form.getByRole('checkbox', { name: 'Contact' }).check();
  await white.press('Done');
  await opponent(white).getByText('Uncle', { exact: true }).waitFor();
  const third = await browser.player('third');
  await third.open(relay.url);
  await takeName(third, 'Unc1e');
  await white.open(relay.url);
  await sitDown(white, third, await invite(white));
  await playOut({ white, black: third }, line('e4 e5'));
  await opponent(white)
    .getByText(/^Player /)
    .waitFor();
  await opponent(white).click();
  await white.page.getByText('They took a name that looks like somebody else’s').waitFor();
});

test('a contact is invited, and nobody else can take the seat', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white', { phone: true });
  const black = await browser.player('black');
  const other = await browser.player('other');
  await black.open(relay.url);
  await black.press('Names and contacts');
  const key = (await black.page.getByLabel('Your key').textContent()) ?? '';
  assert.match(key, /^[0-9a-f]{64}$/);
  await white.open(relay.url);
  await white.sees({ connection: 'connected' });
  await white.press('Names and contacts');
  const field = white.page.getByRole('textbox', { name: 'Key of a person' });
  await field.fill('no key at all');
  await field.press('Enter');
  await white.page.getByRole('alert').getByText('There is no key in this.').waitFor();
  await field.fill(key);
  await field.press('Enter');
  await white.page.getByLabel('Your name for them').fill('Berta');
  await white.press('Done');

  await white.press('Invite Berta');
  const form = white.page.getByRole('dialog', { name: 'Create a game' });
  await form.getByText('For Berta alone').waitFor();
  await form.getByRole('radio', { name: 'White', exact: true }).check();
  await form.getByRole('button', { name: 'Create', exact: true }).click();
  await white.sees({ screen: 'waiting' });
  await white.page.getByText('Send this link to Berta').waitFor();
  const link = await white.page.getByRole('textbox', { name: 'Invitation link' }).inputValue();
  await other.open(link);
  await other.sees({ screen: 'invitation' });
  await other.page.getByText('The seat is kept for Player').waitFor();
  assert.ok(await other.page.getByRole('button', { name: 'Join' }).isDisabled());
  await black.open(link);
  await black.press('Join');
  await Promise.all([white.sees({ screen: 'game' }), black.sees({ screen: 'game' })]);
  await opponent(white).getByText('Berta', { exact: true }).waitFor();
});

test('a seek that is kept for one person is shown to that person alone', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const host = await browser.player('host');
  const guest = await browser.player('guest', { phone: true });
  const other = await browser.player('other');
  await guest.open(relay.url);
  await guest.press('Names and contacts');
  const key = (await guest.page.getByLabel('Your key').textContent()) ?? '';
  await guest.press('Done');
  await other.open(relay.url);
  await host.open(relay.url);
  await host.sees({ connection: 'connected' });
  // The page lists no such game, but another client may, and one that is for everybody after it.
  await host.page.evaluate(
    async ({ relay, opponent }) => {
      const { startPeer } = await import(new URL('packages/peer/index.js', document.baseURI).href);
      const peer = await startPeer({ relays: [relay], database: 'another' });
      const terms = { colour: 'white', listed: true };
      await peer.create({ ...terms, clock: { kind: 'days', days: 2 }, opponent });
      await peer.create({ ...terms, clock: { kind: 'days', days: 3 } });
    },
    { relay: relay.url, opponent: key },
  );
  const lobby = (/** @type {Player} */ { page }) => page.getByRole('region', { name: 'Lobby' });
  const rows = (/** @type {Player} */ player) =>
    lobby(player).getByRole('listitem').allInnerTexts();
  await lobby(other).getByText('3 days', { exact: true }).waitFor();
  await lobby(guest).getByText('3 days', { exact: true }).waitFor();
  await lobby(guest).getByText('2 days · for you alone').waitFor();
  assert.equal((await rows(other)).length, 1);
  const [first, second] = await rows(guest);
  assert.match(first ?? '', /2 days[^]*for you alone/);
  assert.match(second ?? '', /3 days/);
  await lobby(guest).getByRole('button', { name: 'Join' }).first().click();
  await guest.sees({ screen: 'game' });
});

test('who is blocked and takes an open invitation is seated, and can be left at once', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white', { phone: true });
  const black = await browser.player('black');
  await startGame(white, black, relay.url);
  await opponent(white).click();
  await white.page.getByRole('checkbox', { name: /^Blocked/ }).check();
  await white.press('Done');
  await white.press('Resign');
  await white.press('Resign');
  await white.sees({ result: '0-1' });
  assert.ok(await white.page.getByRole('button', { name: 'Rematch' }).isDisabled());

  await white.page.getByRole('link', { name: 'Rookery' }).click();
  await sitDown(white, black, await invite(white, { lobby: true }));
  const said = white.page.getByText('You blocked this player. You may abort now.');
  await said.first().waitFor();
  assert.equal(await white.page.locator('details.chat').count(), 0);
  assert.equal(await white.page.getByText('Connect directly to your opponent?').count(), 0);
  await white.press('Abort');
  const end = { result: '*', reason: 'abort' };
  await Promise.all([white.sees(end), black.sees(end)]);

  // With the other colour the first move is waited for.
  await white.page.getByRole('link', { name: 'Rookery' }).click();
  await sitDown(white, black, await invite(white, { colour: 'Black' }));
  await white.page.getByText('You may abort at your move.').first().waitFor();
  await black.play('e2e4');
  await said.first().waitFor();
  // Who plays on all the same plays a game like any other.
  await white.play('e7e5');
  await white.sees({ ply: 2 });
  await said.last().waitFor({ state: 'detached' });
});

test('who is blocked is neither seen in the lobby nor heard, until that is undone', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await startGame(white, black, relay.url);
  await playOut({ white, black }, line('e4 e5'));
  const say = async (/** @type {string} */ text) => {
    const said = black.page.getByRole('textbox', { name: 'Say something' });
    await said.fill(text);
    await said.press('Enter');
    await black.page.getByRole('log').getByText(text).waitFor();
  };
  await say('before');
  await white.page.getByRole('log').getByText('before').waitFor();
  await opponent(white).click();
  await white.page.getByRole('checkbox', { name: /^Blocked/ }).check();
  await white.press('Done');
  await say('after');
  await black.press('Resign');
  await black.press('Resign');
  await white.sees({ result: '1-0' });
  assert.equal(await white.page.getByText('after').count(), 0);
  // Nor is a rematch of theirs an offer.
  await black.press('Rematch');
  await black.page.getByText('You offer a rematch.').waitFor();
  assert.equal(await white.page.getByRole('button', { name: 'Accept rematch' }).count(), 0);

  await black.page.getByRole('link', { name: 'Rookery' }).click();
  const link = await invite(black, { lobby: true });
  const bystander = await browser.player('bystander');
  await bystander.open(relay.url);
  await bystander.page.getByRole('button', { name: 'Join' }).waitFor();
  await white.page.getByRole('link', { name: 'Rookery' }).click();
  await white.sees({ screen: 'home', connection: 'connected' });
  await white.press('Create game');
  await white.page.keyboard.press('Escape');
  assert.equal(await white.page.getByRole('button', { name: 'Join' }).count(), 0);
  await white.open(link);
  await white.page.getByText('You blocked this player.').waitFor();
  assert.ok(await white.page.getByRole('button', { name: 'Join' }).isDisabled());

  await white.page.getByRole('link', { name: 'Rookery' }).click();
  await white.press('Names and contacts');
  await white.page.getByRole('button', { name: /^Unblock / }).click();
  await white.press('Done');
  await white.page.getByRole('button', { name: 'Join' }).waitFor();
});
