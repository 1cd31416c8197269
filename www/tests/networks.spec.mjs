// Two browsers on two subnets and a relay on a third: what is cut off, in whatever order, costs no move.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { noNetworks, startNetworks } from './harness/networks.mjs';
import { CHROMIUM } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { line, playOut, startGame } from './harness/table.mjs';

/**
 * @import { Host, Networks } from './harness/networks.mjs'
 * @import { Player } from './harness/player.mjs'
 * @import { Step } from './harness/table.mjs'
 * @import { Scope } from './harness/ending.mjs'
 */

/** @typedef {[Host, Host]} Link */

const skip = noNetworks();

// Spanish, forty plies after the first four.
const SANS =
  'e4 e5 Nf3 Nc6 Bb5 a6 Ba4 Nf6 O-O Be7 Re1 b5 Bb3 d6 c3 O-O h3 Na5 Bc2 c5 d4 Qc7 Nbd2 cxd4 cxd4 ' +
  'Nc6 Nb3 a5 Be3 a4 Nbd2 Bd7 Rc1 Qb7 Nf1 Rfe8 Ng3 g6 Bd3 Bf8 a3 Na5 Qe2 Nc4';
const GAME = line(SANS);

/** @type {Link[]} */
const LINKS = [
  ['white', 'relay'],
  ['black', 'relay'],
  ['white', 'black'],
];

/** How long a browser may take to notice what is cut and what is not, in ms: a channel is offered again after up to a minute. */
const NOTICE_MS = 120_000;

/** Every order takes a quarter of an hour; without this variable each player is cut off once. */
const EVERY_ORDER = process.env.ROOKERY_EVERY_CUT !== undefined;

/** How long the channel may take to come back by itself, in ms. */
const WHOLE_MS = 45_000;

/**
 * An untimed game between the two subnets, over a direct channel.
 * @param {Scope} t
 */
async function startBetween(t) {
  const networks = startNetworks(t);
  const at = networks.address('relay');
  const relay = await startRelay(t, {
    within: networks.within('relay'),
    host: at,
    listen: [`/ip4/${at}/tcp/0/ws`],
    options: ['--stun', `${at}:3478`],
  });
  const [one, two] = await Promise.all([
    startBrowser(t, networks.program('white', CHROMIUM)),
    startBrowser(t, networks.program('black', CHROMIUM)),
  ]);
  const players = { white: await one.player('white'), black: await two.player('black') };
  for (const person of [players.white, players.black]) {
    person.expectOutage();
    person.expectErrors(/ERR_(TIMED_OUT|CONNECTION_TIMED_OUT|ADDRESS_UNREACHABLE|NETWORK)/);
  }
  await startGame(players.white, players.black, relay.url, { time: 'Untimed' });
  await playOut(players, GAME.slice(0, 4));
  return { networks, relay, players };
}

/**
 * Waits until the relay has the whole game.
 * @param {Networks} networks
 * @param {string} url
 * @param {RegExp} last How its PGN ends.
 */
async function stored(networks, url, last) {
  const end = Date.now() + NOTICE_MS;
  let pgn = '';
  while (!last.test(pgn) && Date.now() < end) {
    pgn = networks.fetch('white', url);
    await new Promise((done) => setTimeout(done, 200));
  }
  assert.match(pgn, last);
}

test(
  'between two subnets forty moves go on without the only relay, and a fresh one gets them',
  { skip },
  async (t) => {
    const { networks, relay, players } = await startBetween(t);
    const people = [players.white, players.black];
    for (const person of people) await person.sees({ path: 'direct' }, NOTICE_MS);
    const { game } = await players.white.shown();
    await relay.stop('SIGKILL');
    await playOut(players, GAME.slice(4));
    for (const person of people) {
      const shown = await person.sees({ path: 'direct', ply: GAME.length });
      assert.notEqual(shown.connection, 'connected');
    }
    relay.forget();
    await relay.start();
    for (const person of people) await person.sees({ connection: 'connected' }, NOTICE_MS);
    await stored(networks, `${relay.url}games/${game}.pgn`, /22\. Qe2 Nc4/);
  },
);

/**
 * Waits until both pages know what is cut, and what is not.
 * @param {Record<'white' | 'black', Player>} players
 * @param {Link[]} cuts
 * @param {number} [patienceMs]
 */
async function noticed(players, cuts, patienceMs = NOTICE_MS) {
  const cut = (/** @type {Host} */ one, /** @type {Host} */ other) =>
    cuts.some((link) => link.includes(one) && link.includes(other));
  const direct = !cut('white', 'black');
  for (const name of /** @type {const} */ (['white', 'black'])) {
    const relay = !cut(name, 'relay');
    await players[name].page.waitForFunction(
      ([relay, direct]) => {
        const { connection, path } = document.getElementById('app')?.dataset ?? {};
        return (connection === 'connected') === relay && (path === 'direct') === direct;
      },
      [relay, direct],
      { timeout: patienceMs },
    );
  }
}

test(
  `${EVERY_ORDER ? 'each cut and each pair of cuts, made and healed in every order, ends' : 'each player in turn cut off from everybody ends'} in one state`,
  { skip },
  async (t) => {
    const { networks, relay, players } = await startBetween(t);
    const people = [players.white, players.black];
    const { game } = await players.white.shown();
    const pairs = LINKS.flatMap((one) =>
      LINKS.filter((other) => other !== one).map((other) => [one, other]),
    );
    /** Every order: cut the first, cut the second, heal either first. @type {{ cuts: Link[], heals: Link[] }[]} */
    const every = [
      ...LINKS.map((one) => ({ cuts: [one], heals: [one] })),
      ...pairs.flatMap(([one, other]) => [
        { cuts: [one, other], heals: [one, other] },
        { cuts: [one, other], heals: [other, one] },
      ]),
    ];
    const orders = EVERY_ORDER
      ? every
      : [every[5], every[9]].filter((order) => order !== undefined);
    let next = 4;
    for (const { cuts, heals } of orders) {
      const name = `cut ${cuts.map((link) => link.join('-'))}, healed ${heals.map((link) => link.join('-'))}`;
      const began = performance.now();
      await noticed(players, [], WHOLE_MS);
      for (const [i, link] of cuts.entries()) {
        networks.cut(...link);
        await noticed(players, cuts.slice(0, i + 1));
      }
      const step = GAME[next++];
      assert.ok(step, 'the game has a move for each order');
      await players[step.mover].play(step.uci);
      for (const link of heals) networks.heal(...link);
      const wanted = { ply: step.ply, fen: step.fen };
      await Promise.all(people.map((person) => person.sees(wanted, NOTICE_MS))).catch((cause) => {
        throw new Error(name, { cause });
      });
      t.diagnostic(`${name}: ${Math.round(performance.now() - began)} ms`);
    }
    await noticed(players, [], WHOLE_MS);
    const state = async (/** @type {Player} */ person) => {
      const { ply, fen, result } = await person.shown();
      return { ply, fen, result };
    };
    assert.deepEqual(await state(players.white), await state(players.black));
    const bytes = await Promise.all(people.map((person) => person.saved('Signed game')));
    assert.ok(bytes.every(({ length }) => length > next * 100));
    assert.equal(next, 4 + orders.length);
    const last = SANS.split(' ')[next - 1];
    await stored(networks, `${relay.url}games/${game}.pgn`, new RegExp(` ${last}\\s+\\*`));
  },
);
