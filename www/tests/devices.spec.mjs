// One key in two browsers: the second one plays only what was taken over there, and neither makes the other lie.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { LOGS, RELAY, slug } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/** @import { Player } from './harness/player.mjs' */

const GAME = line('e4 e5 Nf3 Nc6 Bb5 a6');

/**
 * The key of one person as another one's browser keeps it: what a backup brings there.
 *
 * @param {Player} from
 * @param {Player} to
 */
async function bringKey(from, to) {
  const secret = await from.page.evaluate(async () => {
    const db = await new Promise((/** @type {(db: IDBDatabase) => void} */ done, fail) => {
      const request = indexedDB.open('rookery');
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
    const request = db.transaction('keys').objectStore('keys').get('player');
    const kept = await new Promise((/** @type {(kept: any) => void} */ done) => {
      request.onsuccess = () => done(request.result);
    });
    db.close();
    return [...kept.secret];
  });
  await to.page.evaluate(async (bytes) => {
    const db = await new Promise((/** @type {(db: IDBDatabase) => void} */ done) => {
      const request = indexedDB.open('rookery');
      request.onsuccess = () => done(request.result);
    });
    const transaction = db.transaction('keys', 'readwrite');
    transaction.objectStore('keys').put({ secret: new Uint8Array(bytes) }, 'player');
    await new Promise((done) => {
      transaction.oncomplete = done;
    });
    db.close();
  }, secret);
}

for (const time of ['10 + 0', 'Untimed']) {
  test(`a second device with the key plays on after it was told to, and both stay honest (${time})`, async (t) => {
    const relay = await startRelay(t);
    const [one, two] = [await startBrowser(t), await startBrowser(t)];
    const [white, black] = [await one.player('white'), await one.player('black')];
    const other = await two.player('the other device', { phone: true });
    await startGame(white, black, relay.url, { time });
    await playOut({ white, black }, GAME.slice(0, 3));
    const { game = '' } = await black.shown();
    await other.open(relay.url);
    await other.sees({ connection: 'connected' });
    await bringKey(black, other);
    await other.page.goto(`${relay.url}#/game/${game}`);
    await other.reload();
    await other.sees({ screen: 'game', ply: 3 });
    // Its moves are not taken before that.
    await other.play(GAME[3]?.uci ?? '');
    await other.page.getByRole('heading', { name: 'You play this on another device' }).waitFor();
    await other.picture('played-elsewhere-phone');
    await white.sees({ ply: 3 });
    await other.press('Play it here');
    await other.page.getByRole('button', { name: 'Play it here' }).waitFor({ state: 'detached' });
    await other.play(GAME[3]?.uci ?? '');
    for (const person of [white, black, other]) await person.sees({ ply: 4 });
    await other.reload();
    await other.sees({ ply: 4 });
    // The first device goes on, and the second one follows.
    await white.play(GAME[4]?.uci ?? '');
    for (const person of [white, black, other]) await person.sees({ ply: 5 });
    await black.play(GAME[5]?.uci ?? '');
    for (const person of [white, black, other]) await person.sees({ ply: 6 });
    for (const person of [white, black, other]) {
      const file = join(LOGS, `${slug(t.name)}-${slug(person.name)}.rook`);
      writeFileSync(file, await person.saved('Signed game'));
      const { stdout, status } = spawnSync(RELAY, ['verify', file, '--json'], { encoding: 'utf8' });
      assert.deepEqual([JSON.parse(stdout).status, status], ['verified', 0], person.name);
    }
  });
}
