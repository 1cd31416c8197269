// Watching: games of the lobby are listed at their relay, a watcher who comes late sees all at once, and moves nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite, line, playOut, sitDown } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const OPENING = line('e4 e5 Nf3 Nc6 Bb5 a6');

/** @param {Player} player */
const cards = ({ page }) => page.getByRole('list', { name: 'Live games' }).getByRole('listitem');

test('a game of the lobby is listed while it is played, one by link is not, and a late watcher sees all', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  const guest = await browser.player('guest', { phone: true });
  await guest.open(`${relay.url}#/watch`);
  await guest.page.getByText('No game is played here now.').waitFor();

  // By link: for those who have it.
  await white.open(relay.url);
  await sitDown(white, black, await invite(white));
  await playOut({ white, black }, line('d4'));
  // From the lobby: for everyone.
  await white.page.goto(`${relay.url}#/`);
  await invite(white, { lobby: true, time: '5 + 3' });
  await black.page.goto(`${relay.url}#/`);
  await black.page
    .getByRole('region', { name: 'Lobby' })
    .getByRole('button', { name: 'Join' })
    .click();
  await Promise.all([white.sees({ screen: 'game' }), black.sees({ screen: 'game' })]);
  await playOut({ white, black }, OPENING);

  await cards(guest).getByText('Move 4 · 5 + 3').waitFor();
  assert.equal(await cards(guest).count(), 1, 'the game by link is for its people');
  assert.equal(await guest.page.locator('.mini piece').count(), 32);
  await cards(guest)
    .getByRole('link', { name: /^Watch Player .* White to move$/ })
    .click();
  const { fen } = OPENING.at(-1) ?? {};
  await guest.sees({ screen: 'game', ply: 6, fen: fen ?? '' });
  assert.equal(
    await guest.page.getByRole('list', { name: 'Game record' }).getByRole('listitem').count(),
    6,
  );
  assert.equal(await guest.page.getByRole('timer').count(), 2);
  await guest.page.locator('.status').getByText('White to move').waitFor();
  assert.equal(
    await guest.page
      .locator('.plate')
      .getByText(/^Player /)
      .count(),
    2,
  );

  // A watcher moves nothing, by hand or by word.
  await guest.drag('b5', 'a6');
  assert.equal(await guest.page.getByRole('textbox', { name: 'Move' }).count(), 0);
  await guest.sees({ ply: 6 });
  assert.equal(await guest.pieceOn('b5'), 'white bishop');
  await guest.press('Flip board');
  await guest.sees({ orientation: 'black' });
  await playOut({ white, black }, line('Bxc6', OPENING.at(-1)));
  await guest.sees({ ply: 7 });

  // Somebody else watches too.
  const second = await browser.player('second');
  await second.open(`${relay.url}#/watch`);
  await cards(second).getByText('1 watching').waitFor();
  await cards(second).getByRole('link').click();
  await second.page.locator('.status').getByText('You are watching, with one other.').waitFor();

  await white.press('Resign');
  await white.press('Resign');
  await guest.sees({ result: '0-1' });
  await guest.press('Live games');
  await guest.page.getByText('No game is played here now.').waitFor();
});

test('who is followed comes first, and a watcher is led to their next game', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black, third, fourth, guest] = await Promise.all(
    ['white', 'black', 'third', 'fourth', 'guest'].map((name) => browser.player(name)),
  );
  assert.ok(white && black && third && fourth && guest);
  /** @param {Player} creator @param {Player} joiner */
  const seat = async (creator, joiner) => {
    await creator.open(`${relay.url}#/`);
    await invite(creator, { lobby: true });
    await joiner.open(`${relay.url}#/`);
    await joiner.page.getByRole('button', { name: 'Join' }).click();
    await Promise.all([creator.sees({ screen: 'game' }), joiner.sees({ screen: 'game' })]);
    await playOut({ white: creator, black: joiner }, line('e4 e5'));
  };
  await seat(white, black);
  await seat(third, fourth);
  await guest.open(`${relay.url}#/watch`);
  await cards(guest).nth(1).waitFor();
  const { game } = await white.shown();
  const card = cards(guest).filter({ has: guest.page.locator(`a[href*="${game}"]`) });
  await card
    .getByRole('button', { name: /^Follow/ })
    .last()
    .click();
  await cards(guest).first().locator(`a[href*="${game}"]`).waitFor();
  await guest.reload();
  await cards(guest).nth(1).waitFor();
  await cards(guest).first().locator(`a[href*="${game}"]`).click();
  await guest.sees({ screen: 'game', game: game ?? '' });
  const star = guest.page.getByRole('button', { name: 'Follow White' });
  assert.equal(await star.getAttribute('aria-pressed'), 'true');
  await white.press('Resign');
  await white.press('Resign');
  await guest.sees({ result: '0-1' });
  const next = guest.page.getByRole('button', { name: 'Their next game' });
  assert.ok(await next.isDisabled());
  await seat(white, third);
  await next.click();
  await guest.sees({ screen: 'game', game: (await white.shown()).game ?? '', result: '' });
});

test('a relay that does not list its games, or does not answer, is told of in a sentence', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  person.expectErrors(/503/, /ERR_FAILED/);
  const card = `${relay.url}.well-known/rookery.json`;
  await person.open(`${relay.url}#/watch`);
  await person.page.route(card, async (route) => {
    const answer = await route.fetch();
    const { live, ...older } = await answer.json();
    assert.equal(live, '/live.json');
    await route.fulfill({ json: older });
  });
  await person.page.getByText('do not tell which games are played').waitFor();
  await person.page.unroute(card);
  await person.page.route('**/live.json', (route) => route.fulfill({ status: 503, body: '' }));
  await person.page.getByText('No relay answers.').waitFor();
  await person.page.unroute('**/live.json');
  await person.page.route('**/live.json', (route) =>
    route.fulfill({ json: { v: 1, games: [{ game: '<b>', fen: 'x' }, 7] } }),
  );
  await person.page.getByText('No game is played here now.').waitFor();
});
