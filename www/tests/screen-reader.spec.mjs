// Playing without seeing: by keyboard alone, checked by what the live regions say.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { listen, Listener } from './harness/listener.mjs';
import { startRelay } from './harness/relay.mjs';

/**
 * A blind person who has opened the page and switched the mode on: the first thing that Tab reaches.
 * @param {import('node:test').TestContext} t
 */
async function blindPlayer(t) {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const blind = await browser.player('blind');
  await listen(blind.page);
  await blind.open(relay.url);
  await blind.sees({ connection: 'connected' });
  const ear = new Listener(blind.page);
  const { keyboard } = blind.page;
  await keyboard.press('Tab');
  assert.equal(await ear.focused(), 'Screen-reader mode');
  await keyboard.press('Enter');
  await ear.hears(
    'Screen-reader mode is on. In a game type moves and commands; help tells them all.',
  );
  return { relay, browser, blind, ear, keyboard };
}

test('a whole game between a blind and a sighted player, by keyboard alone', async (t) => {
  const { browser, blind, ear, keyboard } = await blindPlayer(t);
  const sighted = await browser.player('sighted');

  await ear.tabTo('Create game');
  await keyboard.press('Enter');
  await blind.page.getByRole('dialog', { name: 'Create a game' }).waitFor();
  await blind.page.waitForFunction(() => document.activeElement?.closest('dialog'));
  await ear.arrowTo('10 + 0');
  await ear.tabTo('Random');
  await ear.arrowTo('White');
  await ear.tabTo('Create');
  await keyboard.press('Enter');
  await blind.sees({ screen: 'waiting' });
  assert.equal(await ear.focused(), 'Waiting for an opponent');
  await ear.tabTo('Invitation link');
  const link = await blind.page.evaluate(
    () => /** @type {HTMLInputElement} */ (document.activeElement).value,
  );

  await sighted.open(link);
  await sighted.press('Join');
  await ear.hears(/^You play White\. Your opponent plays Black: Player .{9}.* Your move\.$/);
  await ear.hears('The game begins.');
  await blind.sees({ screen: 'game' });
  assert.equal(await ear.focused(), 'Move');

  await ear.types('e4');
  await ear.hears('White: pawn e4.');
  await sighted.sees({ ply: 1 });
  await sighted.play('e7e5');
  await ear.hears('Black: pawn e5.');

  // What is asked is answered.
  for (const [typed, said] of [
    ['p N', 'White knights: b1, g1. Black knights: b8, g8.'],
    ['s e4', 'e4: white pawn.'],
    ['s e6', 'e6 is empty.'],
    ['r 5', 'Rank 5: black pawn e5.'],
    ['f e', 'File e: white king e1, white pawn e4, black pawn e5, black king e8.'],
    ['l', '1, Black: pawn e5.'],
    ['m', /^White: 1 queen, .* Material is even\.$/],
    ['m g1', 'white knight g1 to e2, f3, h3.'],
    ['c', /^White: (10 minutes|9 minutes \d+ seconds?), running\. Black: (10|9) minutes.*\.$/],
    ['o', /^Player .{9}, here\.$/],
    ['w', 'Your move.'],
    ['w', 'Your move.'],
    ['help', /s e4: what stands on e4\./],
  ]) {
    await ear.types(String(typed));
    await ear.hears(said ?? '');
  }

  // What is no move is said, and stays to be mended.
  await ear.types('Qh6');
  await ear.hears('Qh6 is not possible here, or could mean two moves.');
  await keyboard.press('Control+A');
  await ear.types('Bc4');
  await ear.hears('White: bishop c4.');

  // Offers.
  await sighted.press('Offer draw');
  await sighted.play('b8c6');
  await ear.hears('Black: knight c6. Black offers a draw.');
  await ear.types('no');
  await sighted.page.getByRole('button', { name: 'Accept draw' }).waitFor({ state: 'detached' });
  await sighted.press('Takeback');
  await ear.hears('Black asks to take a move back.');
  await ear.types('yes');
  await ear.hears('A move was taken back.');
  await sighted.play('b8c6');
  await ear.hears('Black: knight c6.');

  // The other side goes and comes back.
  const away = await sighted.page.context().newPage();
  await sighted.page.goto('about:blank');
  await ear.hears(/^Your opponent is away/);
  await sighted.open(link);
  await sighted.sees({ screen: 'game', ply: 4 });
  await ear.hears('Your opponent is back.');
  await away.close();

  // A line of chat is said, and one is answered.
  await sighted.page.locator('details.chat[open]').waitFor();
  await sighted.page.getByRole('textbox', { name: 'Say something' }).fill('Hello e4!');
  await sighted.page.keyboard.press('Enter');
  await ear.hears('Your opponent says: Hello e4!');
  await ear.types('say Hello to you');
  await ear.hears('You say: Hello to you');
  await sighted.page.getByRole('log').getByText('Hello to you').waitFor();

  // A move on the board itself: to the queen, picked up, and to h5.
  await keyboard.press('Shift+Tab');
  await ear.tabTo('Move');
  await ear.tabTo('e2, empty');
  await keyboard.press('q');
  assert.equal(await ear.focused(), 'd8, black queen');
  await keyboard.press('q');
  assert.equal(await ear.focused(), 'd1, white queen');
  await keyboard.press('Enter');
  await ear.hears(/^queen d1 picked up\. It can go to .*h5\.$/);
  await keyboard.press('5');
  assert.equal(await ear.focused(), 'd5, empty');
  await keyboard.press('Enter');
  await ear.hears('The queen cannot go to d5.');
  await keyboard.press('End');
  assert.equal(await ear.focused(), 'h5, empty, can go here');
  await keyboard.press('Enter');
  await ear.hears('White: queen h5.');
  await sighted.sees({ ply: 5 });
  await sighted.play('g8f6');
  await ear.hears('Black: knight f6.');
  await keyboard.press('s');
  await ear.hears(/^Rank 5: black pawn e5, white queen h5\. File h: .*\.$/);
  await keyboard.press('i');
  assert.equal(await ear.focused(), 'Move');
  await ear.types('Qxf7#');
  await ear.hears('White: queen takes f7, checkmate. White won by checkmate.');
  await Promise.all([
    blind.sees({ result: '1-0', reason: 'checkmate' }),
    sighted.sees({ result: '1-0', reason: 'checkmate' }),
  ]);
  await ear.types('w');
  await ear.hears('You won. White won by checkmate.');

  // Everything once: each move, each offer, the end.
  const heard = await ear.heard();
  for (const once of [
    ...['White: pawn e4', 'Black: pawn e5', 'Black offers a draw', 'Your opponent is away'],
    ...['Your opponent is back', 'White: queen takes f7', 'White won by checkmate'],
  ]) {
    const times = heard.filter((line) => line.startsWith(once) || line.endsWith(`. ${once}.`));
    assert.equal(times.length, once === 'White won by checkmate' ? 2 : 1, `${once}: ${heard}`);
  }
  await ear.types('rematch');
  await sighted.page.getByText('Your opponent wants a rematch.').waitFor();
  await sighted.press('Accept rematch');
  await ear.hears(/^You play Black\./);
  await blind.sees({ screen: 'game', ply: 0 });
  assert.equal(await ear.focused(), 'Move');
});

test('against the computer: set up, played and resigned by keyboard', async (t) => {
  const { blind, ear, keyboard } = await blindPlayer(t);
  await ear.tabTo('Play the computer');
  await keyboard.press('Enter');
  await blind.page.waitForFunction(() => document.activeElement?.closest('dialog'));
  await ear.arrowTo('1');
  await ear.hears(/^Level 1/);
  await ear.tabTo('Random');
  await ear.arrowTo('Black');
  await keyboard.press('Enter');
  await ear.hears(/^You play Black\. Your opponent plays White: Computer, Level 1.*\./);
  await ear.hears(/^White: .+\.$/);
  assert.equal(await ear.focused(), 'Move');
  await ear.types('moves');
  await ear.hears(/knight g8 to /);
  await ear.types('hint');
  await ear.hears(/^Hint: .+\.$/);
  await ear.types('Nf6');
  await ear.hears('Black: knight f6.');
  await ear.hears(/^White: .+\.$/);
  await ear.types('takeback');
  await ear.hears('A move was taken back.');
  await blind.sees({ ply: 1 });
  await ear.types('resign');
  await ear.hears('Resign this game? Type yes, or no to play on.');
  await ear.types('no');
  await ear.hears('The game goes on.');
  await ear.types('resign');
  await ear.types('yes');
  await ear.hears('White won by resignation.');
  await ear.types('leave');
  await blind.sees({ screen: 'home' });
  await ear.tabTo('Screen-reader mode');
  await keyboard.press('Enter');
  await ear.hears('Screen-reader mode is off.');
});

test('squares are called as the settings have it, and a dialog gives the focus back', async (t) => {
  const { ear, keyboard, blind } = await blindPlayer(t);
  await ear.tabTo('Settings');
  await keyboard.press('Enter');
  await blind.page.waitForFunction(() => document.activeElement?.closest('dialog'));
  await ear.tabTo('e4');
  await ear.arrowTo('echo 4');
  await ear.tabTo('Done');
  await keyboard.press('Enter');
  await blind.page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await ear.focused(), 'Settings');
  await ear.tabTo('Two at one board');
  await keyboard.press('Enter');
  await blind.page.waitForFunction(() => document.activeElement?.closest('dialog'));
  await keyboard.press('Enter');
  await ear.hears('Two at one board. White to move.');
  await ear.types('Nf3');
  await ear.hears('White: knight foxtrot 3.');
  await ear.types('s f3');
  await ear.hears('foxtrot 3: white knight.');
});
