// A person against the engine in the browser: a whole game, and the ways to make a move other than dragging it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { replayPgn } from './harness/replay.mjs';
import { Thinker } from './harness/thinker.mjs';

/** The person's moves that a whole game has at least, and at most before something must be wrong. */
const SHORTEST = 20;
const LONGEST = 160;

const RESULTS = /** @type {Record<string, string>} */ ({
  '1-0': 'You won',
  '0-1': 'You lost',
  '1/2-1/2': 'Draw',
});

test('a person plays the computer to the end, and the result is shown and right', async (t) => {
  const seed = Number(process.env.ROOKERY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`ROOKERY_SEED=${seed}`);
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  const thinker = new Thinker(seed);
  await person.open(relay.url);
  await challenge(person, { level: 1, colour: 'White' });

  const ucis = [];
  let shown = await person.shown();
  while (shown.result === '') {
    assert.ok(ucis.length / 2 < LONGEST, 'the game does not end');
    const uci = thinker.choose(shown.fen ?? '', { playOn: ucis.length / 2 < SHORTEST });
    await person.play(uci);
    ucis.push(uci);
    await person.sees({ ply: ucis.length });
    // The game is over, or the computer answers.
    await person.page.waitForFunction((ply) => {
      const { dataset } = /** @type {HTMLElement} */ (document.getElementById('app'));
      return dataset.result !== '' || Number(dataset.ply) > ply;
    }, ucis.length);
    shown = await person.shown();
    if (Number(shown.ply) > ucis.length) ucis.push('');
  }

  const own = Math.ceil(ucis.length / 2);
  assert.ok(own >= SHORTEST, `the game ended after ${own} moves: ${shown.reason}`);
  const pgn = String(await person.saved('PGN'));
  const replay = replayPgn(pgn);
  assert.equal(replay.ucis.length, Number(shown.ply));
  assert.equal(replay.fens.at(-1), shown.fen);
  assert.equal(replay.byRules, shown.result, 'the rules of another library give the same result');
  assert.equal(replay.result, shown.result, 'the PGN says it too');
  const status = person.page.locator('.status');
  await status.getByText(RESULTS[shown.result ?? ''] ?? '?').waitFor();
  const listed = person.page.getByRole('list', { name: 'Game record' }).getByRole('listitem');
  assert.equal(await listed.count(), Number(shown.ply));
  await person.reload();
  await person.sees({ result: shown.result ?? '', fen: shown.fen ?? '' });
});

test('moves are typed as SAN or UCI, and a wrong one is answered in words', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  await challenge(person, { level: 1, colour: 'White' });
  const field = person.page.getByRole('textbox', { name: 'Move' });

  await field.fill('Ke3');
  await field.press('Enter');
  await person.page.getByRole('alert').getByText('Ke3 is not possible here').waitFor();
  assert.equal((await person.shown()).ply, '0');
  await field.fill('e4');
  await field.press('Enter');
  await person.sees({ ply: 2 });
  assert.equal(await field.inputValue(), '');
  await field.fill('g1f3');
  await field.press('Enter');
  const { fen } = await person.sees({ ply: 4 });
  assert.match(fen ?? '', /5N2.* w /);

  await person.press('Takeback');
  await person.sees({ ply: 2 });
  await person.press('Flip board');
  await person.sees({ orientation: 'black' });
  await person.press('Resign');
  await person.press('Keep playing');
  await person.sees({ result: '' });
  await person.press('Resign');
  await person.press('Resign');
  await person.sees({ result: '0-1', reason: 'resignation' });
  await person.press('Analyse');
  await person.page.locator('.analysis .line').first().waitFor();
});

test('a promotion is chosen with the keyboard alone, and Escape takes the pawn back', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  const fen = '7k/P7/8/8/8/8/8/K7 w - - 0 1';
  await challenge(person, { level: 1, colour: 'White', fen });
  const { page } = person;
  const dialog = page.getByRole('dialog', { name: 'Promote the pawn to' });

  await person.drag('a7', 'a8');
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await person.sees({ fen, ply: 0 });

  await person.drag('a7', 'a8');
  await dialog.getByRole('button', { name: 'Queen' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await dialog.getByRole('button', { name: 'Rook' }).and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('listitem').getByText('a8=R+').waitFor();
});

test('on a phone a game is played by touch, nothing is too wide, and turning it keeps the pieces', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('phone', { phone: true });
  await person.open(relay.url);
  const width = () => person.page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(await width(), 360);
  await challenge(person, { level: 2, colour: 'White' });
  await person.play('e2e4');
  await person.sees({ ply: 2 });
  assert.equal(await width(), 360);
  await person.play('g1f3');
  await person.sees({ ply: 4 });
  const box = await person.page.locator('cg-board').boundingBox();
  assert.ok(box && box.width >= 320, `the board takes the width: ${box?.width}`);

  // Turned on its side and back, every piece stands on its square.
  for (const viewport of [
    { width: 740, height: 360 },
    { width: 360, height: 740 },
  ]) {
    await person.page.setViewportSize(viewport);
    await person.page.waitForFunction((turned) => {
      const board = document.querySelector('cg-board')?.getBoundingClientRect();
      const king = document.querySelector('piece.white.king')?.getBoundingClientRect();
      if (!board || !king || board.width > turned) return false;
      const [column, row] = [(king.x - board.x) / king.width, (king.y - board.y) / king.height];
      return Math.abs(column - 4) < 0.05 && Math.abs(row - 7) < 0.05;
    }, viewport.width);
  }
});

test('a hint is shown on the board and said, and nothing is played by it', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  // One move mates.
  await challenge(person, { level: 1, colour: 'White', fen: '6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1' });
  await person.press('Hint');
  await person.page.locator('.status').getByText('Hint: Ra8#, rook a8, checkmate').waitFor();
  await person.page.locator('#announcer').getByText('Hint: rook a8, checkmate.').waitFor({
    state: 'attached',
  });
  assert.equal(await person.page.locator('svg.arrow').count(), 1);
  assert.equal(await person.page.locator('cg-board square.advised').count(), 2);
  await person.sees({ ply: 0 });
  await person.play('a1a8');
  await person.sees({ result: '1-0', reason: 'checkmate' });
  assert.equal(await person.page.locator('svg.arrow').count(), 0);
});

test('the computer plays Chess960 and castles as it is done there', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  await challenge(person, { level: 2, colour: 'White', chess960: '192' });
  await person.play('g1f3');
  await person.sees({ ply: 2 });
  await person.play('f1h1');
  const { fen } = await person.sees({ ply: 4 });
  assert.match(fen ?? '', /RRK1 w/);
  await person.press('Takeback');
  await person.sees({ ply: 2 });
});
