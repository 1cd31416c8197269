// Two people in two browsers of their own play whole games through a relay, and an outsider replays what was signed.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startBrowser } from './harness/browser.mjs';
import { RELAY } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { replayPgn } from './harness/replay.mjs';
import { by, invite, line, playOut, sitDown } from './harness/table.mjs';

/**
 * @import { Player } from './harness/player.mjs'
 */

/** Castling both ways, en passant and an under-promotion; then a draw is agreed. */
const EVERY_KIND = line('e4 Nc6 Nf3 b6 Bc4 Bb7 O-O d6 e5 f5 exf6 Qd7 fxg7 O-O-O gxh8=N Kb8 h3');
/** Sam Loyd's shortest stalemate. */
const STALEMATE = line(
  'e3 a5 Qh5 Ra6 Qxa5 h5 h4 Rah6 Qxc7 f6 Qxd7+ Kf7 Qxb7 Qd3 Qxb8 Qh7 Qxc8 Kg6 Qe6',
);
const MATE = line('e4 e5 Bc4 Nc6 Qh5 Nf6 Qxf7#');

/**
 * What `rookery-relay verify` says of a signed game.
 * @param {Uint8Array} signed
 */
async function verified(signed) {
  const folder = await mkdtemp(join(tmpdir(), 'rookery-game-'));
  const file = join(folder, 'game.rook');
  await writeFile(file, signed);
  const { stdout } = await promisify(execFile)(RELAY, ['verify', file, '--json']);
  await rm(folder, { recursive: true });
  return JSON.parse(stdout);
}

/**
 * Both saw the same game to its end, and so does who has only its files.
 * @param {{ white: Player, black: Player }} players
 * @param {string} url The relay's.
 * @param {import('./harness/table.mjs').Step[]} steps
 * @param {{ result: string, reason: string, byRules: string | null }} end
 */
async function checkEnd({ white, black }, url, steps, { result, reason, byRules }) {
  const { game } = await white.sees({ result, reason });
  await black.sees({ result, reason, game: game ?? '' });

  const pgn = String(await white.saved('PGN'));
  assert.equal(String(await black.saved('PGN')), pgn);
  const served = await (await fetch(`${url}games/${game}.pgn`)).text();
  for (const text of [pgn, served]) {
    const replay = replayPgn(text);
    assert.deepEqual(
      replay.fens,
      steps.map(({ fen }) => fen),
    );
    assert.equal(replay.result, result);
    assert.equal(replay.byRules, byRules);
  }

  const stored = await fetch(`${url}games/${game}.rook`);
  assert.equal(stored.status, 200);
  const signed = [
    await white.saved('Signed game'),
    await black.saved('Signed game'),
    new Uint8Array(await stored.arrayBuffer()),
  ];
  for (const bytes of signed) {
    const verdict = await verified(bytes);
    assert.deepEqual(
      [verdict.status, verdict.game, verdict.plies, verdict.result],
      ['verified', game, steps.length, result],
    );
  }
}

for (const [transport, query, words] of /** @type {const} */ ([
  ['WebSocket', '?transport=ws', /WebSocket/],
  ['WebRTC-direct', '?transport=webrtc', /WebRTC/],
])) {
  test(`three whole games over ${transport} are the same for both and for an outsider`, async (t) => {
    const relay = await startRelay(t);
    const browser = await startBrowser(t);
    const one = await browser.player('one');
    const other = await browser.player('other');
    await one.open(relay.url + query);
    await one.sees({ connection: 'connected' });
    assert.match((await one.connection()).words, words);

    let players = { white: one, black: other };
    await sitDown(one, other, by(await invite(one, { time: '10 + 0' }), query));
    await playOut(players, EVERY_KIND.slice(0, -1));
    // The offer goes with White's next move.
    await one.press('Offer draw');
    await playOut(players, EVERY_KIND.slice(-1));
    await other.press('Accept draw');
    await checkEnd(players, relay.url, EVERY_KIND, {
      result: '1/2-1/2',
      reason: 'agreement',
      byRules: null,
    });

    await one.open(relay.url + query);
    await sitDown(one, other, by(await invite(one, { time: 'Untimed', colour: 'Black' }), query));
    players = { white: other, black: one };
    await playOut(players, STALEMATE);
    await checkEnd(players, relay.url, STALEMATE, {
      result: '1/2-1/2',
      reason: 'stalemate',
      byRules: '1/2-1/2',
    });

    await one.open(relay.url + query);
    await sitDown(one, other, by(await invite(one, { time: '3 + 2', colour: 'Random' }), query));
    const { orientation } = await one.shown();
    players = orientation === 'white' ? { white: one, black: other } : { white: other, black: one };
    await playOut(players, MATE);
    await checkEnd(players, relay.url, MATE, {
      result: '1-0',
      reason: 'checkmate',
      byRules: '1-0',
    });
    await players.white.page.locator('.status').getByText('You won').waitFor();
    await players.black.page.locator('.status').getByText('You lost').waitFor();
  });
}
