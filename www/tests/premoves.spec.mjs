// Premoves: several in a row, shown on the board, played one by one as the other side moves, cancelled by one gesture.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { challenge } from './harness/computer.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * How many premoves wait, as the board shows it.
 * @param {Player} player
 * @param {number} count
 */
const waiting = (player, count) => player.page.locator(`.game[data-premoves="${count}"]`).waitFor();

/** @param {Player} player */
const marked = (player) =>
  player.page
    .locator('cg-board square.premove')
    .evaluateAll(
      (squares) =>
        squares.filter((square) => /** @type {HTMLElement} */ (square).style.display !== 'none')
          .length,
    );

/**
 * @param {import('node:test').TestContext} t
 * @param {{ time: string, phone?: boolean }} options
 */
async function twoPlayers(t, { time, phone = false }) {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white', { phone });
  const black = await browser.player('black');
  await startGame(white, black, relay.url, { time });
  return { relay, white, black };
}

/** Both have moved, so that no time for a first move runs out meanwhile. */
const OPENING = line('e4 e5 Nf3');
const then = (/** @type {string} */ sans) => line(sans, { fen: OPENING[2]?.fen ?? '', ply: 3 });

test('three premoves in a row stand on the board and are played as the turns come', async (t) => {
  const { white, black } = await twoPlayers(t, { time: '10 + 0' });
  const [nc6, , bc5, , nf6, d3] = then('Nc6 Bc4 Bc5 O-O Nf6 d3');
  assert.ok(nc6 && bc5 && nf6 && d3);
  await playOut({ white, black }, OPENING);

  await white.play('f1c4');
  await white.play('e1g1');
  await white.play('d2d3');
  await waiting(white, 3);
  await white.sees({ ply: 3, fen: OPENING[2]?.fen ?? '' });
  assert.equal(await white.pieceOn('c4'), 'white bishop');
  assert.equal(await white.pieceOn('g1'), 'white king');
  assert.equal(await white.pieceOn('f1'), 'white rook');
  // From f1, e1, d2 to c4, g1, d3.
  assert.equal(await marked(white), 6);
  await white.page.locator('.status').getByText('Premoves: Bf1–c4, O-O, d2–d3').waitFor();

  await black.play(nc6.uci);
  await Promise.all([white.sees({ ply: 5 }), black.sees({ ply: 5 })]);
  await waiting(white, 2);
  await black.play(bc5.uci);
  await Promise.all([white.sees({ ply: 7 }), black.sees({ ply: 7 })]);
  await black.play(nf6.uci);
  const end = { ply: 9, fen: d3.fen };
  await Promise.all([white.sees(end), black.sees(end)]);
  await waiting(white, 0);
  assert.equal(await marked(white), 0);
});

test('a premove that has become impossible takes those after it along, and says so', async (t) => {
  const { white, black } = await twoPlayers(t, { time: 'Untimed' });
  const [e4, d5] = line('e4 d5');
  assert.ok(e4 && d5);
  await playOut({ white, black }, [e4]);
  await white.play('e4e5');
  await white.play('e5f6');
  await waiting(white, 2);
  // Black stands in the way.
  await black.play('e7e5');
  await white.page
    .getByText('e4–e5 is not possible now: your premove and 1 after it are')
    .waitFor();
  await waiting(white, 0);
  await white.sees({ ply: 2 });
  assert.equal(await white.pieceOn('e4'), 'white pawn');
});

test('one gesture cancels all premoves: the right button, an empty square, Escape, a button', async (t) => {
  const { white, black } = await twoPlayers(t, { time: '10 + 0' });
  await playOut({ white, black }, OPENING);
  const gestures = {
    'right button': () => white.tap('d5', 'right'),
    'an empty square': () => white.tap('d5'),
    Escape: () => white.page.keyboard.press('Escape'),
    'a button': () => white.press('Cancel premoves'),
  };
  for (const [name, gesture] of Object.entries(gestures)) {
    await white.play('f1c4');
    await white.play('d2d3');
    await waiting(white, 2);
    await gesture();
    await waiting(white, 0);
    assert.equal(await white.pieceOn('f1'), 'white bishop', name);
    assert.equal(await marked(white), 0, name);
  }
  await playOut({ white, black }, then('Nc6'));
});

test('a piece in the hand stays there while the other side moves, and is dropped as a move', async (t) => {
  const { white, black } = await twoPlayers(t, { time: '10 + 0' });
  const [nc6, bc4] = then('Nc6 Bc4');
  assert.ok(nc6 && bc4);
  await playOut({ white, black }, OPENING);
  const drop = await white.lift('f1', 'c4');
  await black.play(nc6.uci);
  await white.sees({ ply: 4 });
  await drop();
  const end = { ply: 5, fen: bc4.fen };
  await Promise.all([white.sees(end), black.sees(end)]);
  await waiting(white, 0);
});

test('on a phone premoves are tapped, and a tap beside them cancels', async (t) => {
  const { white, black } = await twoPlayers(t, { time: '10 + 0', phone: true });
  const [nc6, bc4] = then('Nc6 Bc4');
  assert.ok(nc6 && bc4);
  await playOut({ white, black }, OPENING);
  await white.play('d2d4');
  await waiting(white, 1);
  await white.tap('h5');
  await waiting(white, 0);
  await white.play('f1c4');
  await waiting(white, 1);
  await black.play(nc6.uci);
  await Promise.all([white.sees({ ply: 5, fen: bc4.fen }), black.sees({ ply: 5, fen: bc4.fen })]);
});

test('a premove waits for the receipt: while the relay is away nothing of it is signed', async (t) => {
  const { relay, white, black } = await twoPlayers(t, { time: '10 + 0' });
  const [nc6, bc4] = then('Nc6 Bc4');
  assert.ok(nc6 && bc4);
  white.expectOutage();
  black.expectOutage();
  await playOut({ white, black }, OPENING);
  await white.play('f1c4');
  await waiting(white, 1);
  await relay.stop('SIGKILL');
  await black.sees({ connection: 'reconnecting' });
  await black.play(nc6.uci);
  await black.page.locator('.game[data-pending=true]').waitFor();
  await white.sees({ connection: 'reconnecting', ply: 3 });
  await waiting(white, 1);
  await relay.start();
  const end = { ply: 5, fen: bc4.fen };
  await Promise.all([white.sees(end), black.sees(end)]);
});

test('against the computer premoves are typed or dropped while it thinks', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const person = await browser.player('person');
  await person.open(relay.url);
  // The computer has one legal move, and then one again.
  const fen = '7k/7p/7P/8/8/8/8/K7 w - - 0 1';
  await challenge(person, { level: 1, colour: 'White', fen });
  const field = person.page.getByRole('textbox', { name: 'Move' });
  for (const text of ['Kb2', 'b2b3', 'Kb4']) {
    await field.fill(text);
    await field.press('Enter');
  }
  await person.sees({ ply: 6 });
  assert.equal(await person.pieceOn('b4'), 'white king');
});
