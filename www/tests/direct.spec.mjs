// The two players' devices find each other with the relay's help, and an untimed game does not need it from then on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { keepChannels } from './harness/channels.mjs';
import { invite, line, playOut, sitDown, startGame } from './harness/table.mjs';

// Spanish, forty plies after the first four.
const GAME = line(
  'e4 e5 Nf3 Nc6 Bb5 a6 Ba4 Nf6 O-O Be7 Re1 b5 Bb3 d6 c3 O-O h3 Na5 Bc2 c5 d4 Qc7 Nbd2 cxd4 cxd4 ' +
    'Nc6 Nb3 a5 Be3 a4 Nbd2 Bd7 Rc1 Qb7 Nf1 Rfe8 Ng3 g6 Bd3 Bf8 a3 Na5 Qe2 Nc4',
);

test('when the only relay is killed an untimed game goes on, and a fresh relay gets it whole', async (t) => {
  const relay = await startRelay(t);
  // Each person has a browser of their own.
  const [one, two] = [await startBrowser(t), await startBrowser(t)];
  const [white, black] = [await one.player('white'), await two.player('black', { phone: true })];
  for (const person of [white, black]) person.expectOutage();
  await startGame(white, black, relay.url, { time: 'Untimed' });
  const players = { white, black };
  await playOut(players, GAME.slice(0, 4));
  for (const person of [white, black]) await person.sees({ path: 'direct' });

  await relay.stop('SIGKILL');
  await white.sees({ connection: 'reconnecting' });
  await playOut(players, GAME.slice(4));
  for (const person of [white, black]) {
    await person.sees({ path: 'direct', ply: GAME.length });
    assert.notEqual((await person.shown()).connection, 'connected');
    await person.seesLastMove();
  }
  await white.page.getByText('Direct to your opponent').first().waitFor();
  await white.picture('direct');
  await black.picture('direct-phone');

  relay.forget();
  await relay.start();
  for (const person of [white, black]) await person.sees({ connection: 'connected' }, 60_000);
  const { game } = await white.shown();
  const end = Date.now() + 20_000;
  let pgn = '';
  do {
    const answer = await fetch(`${relay.url}games/${game}.pgn`);
    pgn = answer.ok ? await answer.text() : '';
  } while (!pgn.includes('22. Qe2 Nc4') && Date.now() < end);
  assert.match(pgn, /22\. Qe2 Nc4/);
});

test('a page that is loaded again is connected to again, and what it missed comes', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await startGame(white, black, relay.url, { time: 'Untimed' });
  for (const person of [white, black]) await person.sees({ path: 'direct' });
  for (const person of [white, black]) {
    await person.reload();
    await person.sees({ screen: 'game', path: 'direct' });
    const other = person === white ? black : white;
    await other.sees({ path: 'direct' });
  }
  await playOut({ white, black }, GAME.slice(0, 4));
});

test('with a stranger from the lobby the page asks before the two devices meet', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await black.open(relay.url);
  await black.sees({ connection: 'connected' });
  await white.open(relay.url);
  await invite(white, { time: 'Untimed', lobby: true });
  await black.page.getByRole('region', { name: 'Lobby' }).getByRole('button').first().click();
  for (const person of [white, black]) {
    await person.sees({ screen: 'game', path: 'relay' });
    await person.page.getByText('sees your network address').waitFor();
  }
  await white.press('Connect directly');
  await black.press('Only by the relay');
  await playOut({ white, black }, GAME.slice(0, 2));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await white.sees({ path: 'relay' });
  await black.press('Direct connection');
  for (const person of [white, black]) await person.sees({ path: 'direct' }, 40_000);
  await playOut({ white, black }, GAME.slice(2, 6));
});

test('what is said by the channel that nobody can say closes it, and the relay goes on', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  const [white, black] = [await browser.player('white'), await browser.player('black')];
  await keepChannels(white);
  await white.open(relay.url);
  await sitDown(white, black, await invite(white, { time: '10 + 0' }));
  for (const person of [white, black]) await person.sees({ path: 'direct' });
  for (const kind of ['noise', 'text', 'long']) {
    await white.page.evaluate((kind) => {
      const { channels = [] } = /** @type {{ channels?: RTCDataChannel[] }} */ (globalThis);
      const channel = channels.findLast(
        ({ label, readyState }) => label === '/rookery/direct/1' && readyState === 'open',
      );
      if (kind === 'text') channel?.send('e2e4');
      else channel?.send(new Uint8Array(kind === 'long' ? 100_000 : 40).fill(0xff));
    }, kind);
    await black.sees({ path: 'relay' });
    for (const person of [white, black]) await person.sees({ path: 'direct' }, 40_000);
  }
  await playOut({ white, black }, GAME.slice(0, 4));
});
