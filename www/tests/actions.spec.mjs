// What two players can do besides moving: abort, resign, offer and refuse draws, take moves back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * What stands beside the board.
 * @param {Player} player
 * @param {string} words
 */
const reads = (player, words) => player.page.locator('.status').getByText(words).waitFor();

/**
 * @param {import('node:test').TestContext} t
 * @param {string} time
 */
async function twoPlayers(t, time) {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const white = await browser.player('white');
  const black = await browser.player('black');
  await startGame(white, black, relay.url, { time });
  return { white, black };
}

for (const time of ['10 + 0', 'Untimed']) {
  test(`a draw is offered, refused, offered again and accepted (${time})`, async (t) => {
    const { white, black } = await twoPlayers(t, time);
    const players = { white, black };
    const [e4, e5, nf3, nc6] = line('e4 e5 Nf3 Nc6');
    assert.ok(e4 && e5 && nf3 && nc6);

    await white.press('Offer draw');
    await playOut(players, [e4]);
    await reads(black, 'White offers a draw');
    // Moving on refuses.
    await playOut(players, [e5]);
    await white.sees({ result: '' });
    assert.equal(await white.page.getByRole('button', { name: 'Accept draw' }).count(), 0);

    // Kept on the other's turn until the own next move.
    await playOut(players, [nf3]);
    await white.press('Offer draw');
    await playOut(players, [nc6]);
    await playOut(players, line('Bb5', { fen: nc6.fen, ply: 4 }));
    await reads(black, 'White offers a draw');
    await black.press('Accept draw');
    await Promise.all([
      white.sees({ result: '1/2-1/2', reason: 'agreement' }),
      black.sees({ result: '1/2-1/2', reason: 'agreement' }),
    ]);
    await reads(white, 'Draw by agreement.');
  });

  test(`a takeback is refused, asked for again and granted (${time})`, async (t) => {
    const { white, black } = await twoPlayers(t, time);
    const players = { white, black };
    const [e4, e5, nf3] = line('e4 e5 Nf3');
    assert.ok(e4 && e5 && nf3);
    await playOut(players, [e4, e5, nf3]);

    await white.press('Takeback');
    await reads(black, 'White asks for a takeback');
    await black.press('Decline');
    await black.page
      .getByRole('button', { name: 'Accept takeback' })
      .waitFor({ state: 'detached' });
    await white.sees({ ply: 3 });

    await white.page.getByRole('button', { name: 'Takeback', disabled: false }).waitFor();
    await white.press('Takeback');
    await reads(black, 'White asks for a takeback');
    await black.press('Accept takeback');
    await Promise.all([white.sees({ ply: 2, fen: e5.fen }), black.sees({ ply: 2, fen: e5.fen })]);
    await playOut(players, line('d4 exd4', { fen: e5.fen, ply: 2 }));
  });

  test(`who resigns has lost, after being asked (${time})`, async (t) => {
    const { white, black } = await twoPlayers(t, time);
    await playOut({ white, black }, line('d4 d5'));
    // It is White's turn; the one who is not to move may resign too.
    await black.press('Resign');
    await black.press('Keep playing');
    await black.press('Resign');
    await black.press('Resign');
    await Promise.all([
      white.sees({ result: '1-0', reason: 'resignation' }),
      black.sees({ result: '1-0', reason: 'resignation' }),
    ]);
    await reads(white, 'You won');
    await reads(black, 'You lost');
    await reads(black, 'White won by resignation.');
  });

  test(`instead of the first move a game is aborted, and then no more (${time})`, async (t) => {
    const { white, black } = await twoPlayers(t, time);
    await playOut({ white, black }, line('d4'));
    await white.page.getByRole('button', { name: 'Abort', disabled: true }).waitFor();
    await black.press('Abort');
    await Promise.all([
      white.sees({ result: '*', reason: 'abort' }),
      black.sees({ result: '*', reason: 'abort' }),
    ]);
    await reads(white, 'No result: the game was aborted.');
  });
}
