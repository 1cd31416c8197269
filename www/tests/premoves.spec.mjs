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

test('three premoves in a row stand on the board and are played as the turns come', async (t) => {
  const { white, black } = await twoPlayers(t, { time: '10 + 0' });
  const steps = line('e4 e5 Nf3 Nc6 Bc4 Bc5 O-O');
  const [e4, e5, , nc6, , bc5, castled] = steps;
  assert.ok(e4 && e5 && nc6 && bc5 && castled);
  await playOut({ white, black }, [e4]);

  await white.play('g1f3');
  await white.play('f1c4');
  await white.play('e1g1');
  await waiting(white, 3);
  await white.sees({ ply: 1, fen: e4.fen });
  assert.equal(await white.pieceOn('f3'), 'white knight');
  assert.equal(await white.pieceOn('g1'), 'white king');
  assert.equal(await white.pieceOn('f1'), 'white rook');
  // One square is left and entered again.
  assert.equal(await marked(white), 5);
  await white.page.locator('.status').getByText('Premoves: Ng1–f3, Bf1–c4, O-O').waitFor();

  await black.play(e5.uci);
  await Promise.all([white.sees({ ply: 3 }), black.sees({ ply: 3 })]);
  await waiting(white, 2);
  await black.play(nc6.uci);
  await Promise.all([white.sees({ ply: 5 }), black.sees({ ply: 5 })]);
  await black.play(bc5.uci);
  const end = { ply: 7, fen: castled.fen };
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
  const [e4] = line('e4');
  assert.ok(e4);
  await playOut({ white, black }, [e4]);
  const gestures = {
    'right button': () => white.tap('d5', 'right'),
    'an empty square': () => white.tap('d5'),
    Escape: () => white.page.keyboard.press('Escape'),
    'a button': () => white.press('Cancel premoves'),
  };
  for (const [name, gesture] of Object.entries(gestures)) {
    await white.play('g1f3');
    await white.play('d2d3');
    await waiting(white, 2);
    await gesture();
    await waiting(white, 0);
    assert.equal(await white.pieceOn('g1'), 'white knight', name);
    assert.equal(await marked(white), 0, name);
  }
  await black.play('e7e5');
  await white.sees({ ply: 2 });
  await black.sees({ ply: 2 });
});

test('a piece in the hand stays there while the other side moves, and is dropped as a move', async (t) => {
  const { white, black } = await twoPlayers(t, { time: '10 + 0' });
  const [e4, e5, nf3] = line('e4 e5 Nf3');
  assert.ok(e4 && e5 && nf3);
  await playOut({ white, black }, [e4]);
  const drop = await white.lift('g1', 'f3');
  await black.play(e5.uci);
  await white.sees({ ply: 2 });
  await drop();
  const end = { ply: 3, fen: nf3.fen };
  await Promise.all([white.sees(end), black.sees(end)]);
  await waiting(white, 0);
});

test('on a phone premoves are tapped, and a tap beside them cancels', async (t) => {
  const { white, black } = await twoPlayers(t, { time: '10 + 0', phone: true });
  const [e4, e5, nf3] = line('e4 e5 Nf3');
  assert.ok(e4 && e5 && nf3);
  await playOut({ white, black }, [e4]);
  await white.play('d2d4');
  await waiting(white, 1);
  await white.tap('h5');
  await waiting(white, 0);
  await white.play('g1f3');
  await waiting(white, 1);
  await black.play(e5.uci);
  await Promise.all([white.sees({ ply: 3, fen: nf3.fen }), black.sees({ ply: 3, fen: nf3.fen })]);
});

test('a premove waits for the receipt: while the relay is away nothing of it is signed', async (t) => {
  const { relay, white, black } = await twoPlayers(t, { time: '10 + 0' });
  const [e4, e5, nf3] = line('e4 e5 Nf3');
  assert.ok(e4 && e5 && nf3);
  white.expectOutage();
  black.expectOutage();
  await playOut({ white, black }, [e4]);
  await white.play('g1f3');
  await waiting(white, 1);
  await relay.stop('SIGKILL');
  await black.sees({ connection: 'reconnecting' });
  await black.play(e5.uci);
  await black.page.locator('.game[data-pending=true]').waitFor();
  await white.sees({ connection: 'reconnecting', ply: 1 });
  await waiting(white, 1);
  await relay.start();
  const end = { ply: 3, fen: nf3.fen };
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
