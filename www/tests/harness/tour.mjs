// A walk past every screen of the page, for whoever looks at all of them: in words to a checker, or in pictures.

import { bring } from './files.mjs';
import { line, invite, playOut, sitDown } from './table.mjs';

/**
 * @import { TestBrowser } from './browser.mjs'
 * @import { Player } from './player.mjs'
 * @import { Relay } from './relay.mjs'
 */

/** Both castle, a piece is taken, and White has something to look at. */
export const GAME = line(
  'e4 e5 Nf3 Nc6 Bb5 a6 Ba4 Nf6 O-O Be7 Re1 b5 Bb3 O-O c3 d5 exd5 Nxd5 Nxe5 Nxe5 Rxe5',
);

const PGN =
  '[Event "Casual"]\n[White "Anna"]\n[Black "Ben"]\n[Date "2020.03.04"]\n\n1. e4 e5 2. Qh5 Nc6 3. Bc4 Nf6 4. Qxf7# 1-0';
const KEY_FILE = JSON.stringify({
  ...{ kind: 'rookery-key', v: 1, player: 'ab'.repeat(32), data: 'AAAA' },
  kdf: { name: 'PBKDF2', hash: 'SHA-256', iterations: 1, salt: 'AAAA' },
  cipher: { name: 'AES-GCM', iv: 'AAAA' },
});

/**
 * @param {TestBrowser} browser
 * @param {Relay} relay
 * @param {(screen: string, player: Player) => Promise<void>} look Called at each stop.
 */
export async function tour(browser, relay, look) {
  const white = await browser.player('white');
  const black = await browser.player('black');
  const guest = await browser.player('guest');
  const { page } = white;
  const escape = async () => {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };

  await guest.open(relay.url);
  await invite(guest, { time: '3 + 2', colour: 'Random', lobby: true });
  await white.open(relay.url);
  await page.getByRole('region', { name: 'Lobby' }).getByText('3 + 2').waitFor();
  await look('home', white);

  await white.press('Play the computer');
  await page.getByText('Level 3:').waitFor();
  await look('computer', white);
  await escape();
  await white.press('Create game');
  await page.getByRole('dialog', { name: 'Create a game' }).waitFor();
  await look('create', white);
  await escape();

  await white.press('Two at one board');
  await page.getByRole('radio', { name: 'Chess960' }).check();
  await look('board', white);
  await escape();
  await white.press('Settings');
  await page.getByRole('checkbox', { name: 'In games without a clock' }).check();
  await look('settings', white);
  await white.press('Done');

  await white.press('Names and contacts');
  await page.getByLabel('Your name').fill('Anna');
  await page.getByLabel('Key of a person').fill('ab'.repeat(32));
  await page.keyboard.press('Enter');
  await page.getByLabel('Your name for them').fill('My chess teacher');
  await look('person', white);
  await white.press('Done');
  await white.press('Names and contacts');
  await look('people', white);
  await white.press('Done');
  await bring(white, 'three.pgn', `${PGN}\n\n1. d4 d5 2. Kd3 *\n\n[White "Emil"]\n\n1. c4 1-0\n`);
  await page.locator('.report').getByText('3 games').waitFor();
  await white.press('Paste text');
  await look('games', white);
  await bring(white, 'one.pgn', PGN);
  await white.sees({ screen: 'game' });
  await look('imported', white);
  await page.evaluate(() => {
    location.hash = '#/';
  });
  await white.press('Settings');
  await white.press('Back up your key…');
  await look('backup', white);
  await escape();
  await bring(white, 'key.json', KEY_FILE);
  await page.getByRole('dialog', { name: 'Play with another key' }).waitFor();
  await look('restore', white);
  await escape();
  await page.evaluate(() => {
    location.hash = '#/';
  });

  const link = await invite(white, { time: '5 + 3' });
  await look('waiting', white);
  await black.open(link);
  await black.sees({ screen: 'invitation' });
  await look('invitation', black);
  await sitDown(white, black, link);
  await playOut({ white, black }, GAME);
  await look('game', white);
  await page.getByRole('button', { name: 'Screen-reader mode' }).press('Enter');
  await page.getByRole('textbox', { name: 'Move' }).fill('p N');
  await page.keyboard.press('Enter');
  await page.locator('summary', { hasText: 'Commands' }).click();
  await look('listening', white);
  await page.getByRole('button', { name: 'Screen-reader mode' }).press('Enter');
  await page.getByRole('button', { name: 'Screen-reader mode' }).blur();
  for (const uci of ['b1a3', 'd2d4', 'a3c4']) await white.play(uci);
  await white.page.getByText('Premoves:').waitFor();
  await look('premoves', white);
  await white.press('Cancel premoves');
  const said = page.getByRole('textbox', { name: 'Say something' });
  await page.locator('details.chat[open]').waitFor();
  await said.fill('Have fun! This opening again, as last week: I have looked at it since.');
  await said.press('Enter');
  await page.getByRole('log').getByText('Have fun!').waitFor();
  await black.press('Offer draw');
  await playOut({ white, black }, line('c6', GAME.at(-1)));
  await page.locator('.status').getByText('Black offers a draw').waitFor();
  await look('draw-offered', white);
  await white.press('Resign');
  await look('resign', white);
  await white.press('Keep playing');

  const { game } = await white.shown();
  await guest.open(`${relay.url}#/game/${game}`);
  await guest.sees({ screen: 'game' });
  await look('watching', guest);
  await guest.open(`${relay.url}#/`);
  const joiner = await browser.player('joiner');
  await seatFromLobby(guest, joiner, relay);
  const onlooker = await browser.player('onlooker');
  await onlooker.open(`${relay.url}#/watch`);
  await onlooker.page.locator('.live-game').waitFor();
  await onlooker.page
    .getByRole('button', { name: /^Follow/ })
    .first()
    .click();
  await look('watch', onlooker);

  await white.press('Accept draw');
  await black.sees({ result: '1/2-1/2' });
  await black.press('Analyse');
  await black.page.locator('.analysis .line').nth(2).waitFor();
  await white.press('Rematch');
  await black.page.getByRole('button', { name: 'Accept rematch' }).waitFor();
  await look('over', black);
  await black.press('Decline');
  await page.getByRole('button', { name: 'Rematch', exact: true }).waitFor();
  await guest.open(`${relay.url}#/game/${'ab'.repeat(32)}`);
  await guest.sees({ screen: 'failed' });
  await look('failed', guest);

  await white.open(relay.url);
  await white.press('Play the computer');
  await page.getByRole('radio', { name: 'Position' }).check();
  await page.getByLabel('Position (FEN)').fill('r3k3/1P4pp/8/8/4n3/8/5PPP/6K1 w q - 0 1');
  await page.getByRole('radio', { name: 'White', exact: true }).check();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await white.sees({ screen: 'game' });
  await white.drag('b7', 'a8');
  await page.getByRole('dialog', { name: 'Promote the pawn to' }).waitFor();
  await look('promotion', white);
  await escape();
  await white.press('Hint');
  await page.locator('svg.arrow').waitFor();
  await look('hint', white);
  await white.play('b7b8r');
  await page.getByRole('button', { name: 'Confirm' }).waitFor();
  await look('confirm', white);
  await white.press('Cancel');

  await page.getByRole('link', { name: 'Rookery' }).click();
  for (const player of [white, black, guest, joiner, onlooker]) player.expectOutage();
  await relay.stop();
  await white.sees({ screen: 'home', connection: 'reconnecting' });
  await look('offline', white);
}

/**
 * A game that anyone may watch.
 * @param {Player} creator At home.
 * @param {Player} joiner
 * @param {Relay} relay
 */
async function seatFromLobby(creator, joiner, relay) {
  await invite(creator, { lobby: true, time: '15 + 10' });
  await joiner.open(relay.url);
  const seek = joiner.page.getByRole('listitem').filter({ hasText: '15 + 10' });
  await seek.getByRole('button', { name: 'Join' }).click();
  await Promise.all([creator.sees({ screen: 'game' }), joiner.sees({ screen: 'game' })]);
  await playOut({ white: creator, black: joiner }, GAME.slice(0, 5));
}

/** A phone and a desktop, in light and in dark. */
export const VIEWS = ['phone', 'desktop'].flatMap((device) =>
  /** @type {const} */ (['light', 'dark']).map((colorScheme) => ({
    name: `${device}-${colorScheme}`,
    colorScheme,
    viewport: device === 'phone' ? { width: 360, height: 740 } : { width: 1440, height: 900 },
  })),
);

/**
 * Shows a page as one of the views.
 * @param {Player} player
 * @param {typeof VIEWS[number]} view
 */
export async function showAs({ page }, { colorScheme, viewport }) {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme });
  // Two frames later everything is drawn anew.
  await page.evaluate(
    () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
  );
}
