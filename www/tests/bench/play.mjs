// Whole games, against the computer and against a person, on a desktop and on a phone, with the processor as it is and four times
// as slow: from the pointer's event to the frame that shows the move, premoves included, and the longest task of the page's thread.
// `node play.mjs RUNS`. The processor is slowed down for that thread, by Chromium. A task counts with the time that it had a
// processor, so that other work on the machine does not lengthen it; the pointer's way is by the clock on the wall.

import { Chess } from 'chessops/chess';
import { parseFen } from 'chessops/fen';
import { makeSquare, makeUci } from 'chessops/util';
import { loadavg } from 'node:os';
import { premoveDests } from '../../src/table/premoves.js';
import { startBrowser } from '../harness/browser.mjs';
import { challenge } from '../harness/computer.mjs';
import { startRelay } from '../harness/relay.mjs';
import { invite, sitDown } from '../harness/table.mjs';
import { BenchScope, percentile, report } from './scope.mjs';

/**
 * @import { Browser } from 'playwright-core'
 * @import { Player } from '../harness/player.mjs'
 */

/**
 * @typedef {object} Watch What the page under measure notes.
 * @property {number} pressed When the pointer did what makes a move, in ms.
 * @property {(square: string) => void} expect Starts to look for a piece on this square.
 * @property {Promise<number>} painted From the pointer to the frame with the piece there, in ms.
 *
 * @typedef {typeof globalThis & { bench: Watch }} Watched
 * @typedef {{ painted: number[], tasks: number[] }} Measured
 */

const runs = Number(process.argv[2]);
/** A game that is not over by then is resigned. */
const MOST_PLIES = 60;
const SLOWER = [1, 4];
/** No task should take longer, in ms. */
const LONG_MS = 100;

for (const phone of [false, true]) {
  for (const rate of SLOWER) {
    const place = `${phone ? 'phone' : 'desktop'}.cpu_${rate}x`;
    /** @type {Record<string, number[]>} */
    const found = {};
    const note = (/** @type {string} */ name, /** @type {number} */ value) =>
      (found[name] ??= []).push(value);
    for (let run = 0; run < runs; run += 1) {
      const seed = run + 1;
      const games = {
        computer: await against(phone, rate, seed, playComputer),
        person: await against(phone, rate, seed, playPerson),
      };
      const painted = Object.values(games).flatMap((game) => game.painted);
      painted.sort((a, b) => a - b);
      note('pointer_to_move.p50', percentile(painted, 50));
      note('pointer_to_move.p99', percentile(painted, 99));
      for (const [opponent, { tasks }] of Object.entries(games)) {
        note(
          `${opponent}.longest_task`,
          tasks.reduce((longest, ms) => Math.max(longest, ms), 0),
        );
        note(`${opponent}.long_tasks`, tasks.filter((ms) => ms > LONG_MS).length);
      }
    }
    for (const [name, values] of Object.entries(found)) {
      report(`${place}.${name}`, values, null, name.endsWith('long_tasks') ? 'tasks' : 'ms');
    }
  }
}
console.error(`load of the machine: ${loadavg()[0]?.toFixed(1)}`);

/**
 * @param {boolean} phone
 * @param {number} rate How many times slower the processor is.
 * @param {number} seed
 * @param {(person: Player, url: string, next: (below: number) => number, begin: () => Promise<void>,
 *   other: () => Promise<Player>) => Promise<number[]>} play Calls `begin` when the game is on screen.
 * @returns {Promise<Measured>}
 */
async function against(phone, rate, seed, play) {
  const scope = new BenchScope('bench page');
  try {
    const relay = await startRelay(scope);
    const browser = await startBrowser(scope);
    const person = await browser.player('person', { phone, motion: true });
    const chromium = /** @type {Browser} */ (person.page.context().browser());
    const begin = async () => {
      const session = await person.page.context().newCDPSession(person.page);
      await session.send('Emulation.setCPUThrottlingRate', { rate });
      await watch(person, phone);
      await chromium.startTracing(person.page, { categories: ['toplevel'] });
    };
    const painted = await play(person, relay.url, random(seed), begin, () =>
      browser.player('other', { motion: true }),
    );
    return { painted, tasks: tasksOf(await chromium.stopTracing()) };
  } finally {
    await scope.end();
  }
}

/**
 * @param {Buffer} trace
 * @returns {number[]} How long each task of the pages' threads had a processor, in ms.
 */
function tasksOf(trace) {
  /** @type {{ name: string, pid: number, tid: number, tdur?: number, args: { name?: string } }[]} */
  const events = JSON.parse(String(trace)).traceEvents;
  const thread = (/** @type {(typeof events)[number]} */ { pid, tid }) => `${pid} ${tid}`;
  const pages = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(thread),
  );
  return events
    .filter((event) => event.name.endsWith('RunTask') && pages.has(thread(event)))
    .map(({ tdur = 0 }) => tdur / 1000);
}

/**
 * @param {Player} person
 * @param {string} url
 * @param {(below: number) => number} next
 * @param {() => Promise<void>} begin
 * @returns {Promise<number[]>} ms of each own move.
 */
async function playComputer(person, url, next, begin) {
  await person.open(url);
  await challenge(person, { level: 2, colour: 'White' });
  await begin();
  const times = [];
  for (let ply = 0; ply < MOST_PLIES; ply += 2) {
    const { fen = '' } = await person.shown();
    const uci = someMove(fen, next);
    times.push(await painted(person, uci, () => person.play(uci)));
    if (await isOver(person, ply + 2)) return times;
  }
  await person.press('Resign');
  await person.press('Resign');
  await person.sees({ result: '0-1' });
  return times;
}

/**
 * Every third move is made before its turn has come.
 *
 * @param {Player} person
 * @param {string} url
 * @param {(below: number) => number} next
 * @param {() => Promise<void>} begin
 * @param {() => Promise<Player>} other
 * @returns {Promise<number[]>} ms of each own move, made or planned.
 */
async function playPerson(person, url, next, begin, other) {
  const black = await other();
  await person.open(url);
  await sitDown(person, black, await invite(person));
  await begin();
  const times = [];
  for (let ply = 0; ply < MOST_PLIES; ply += 2) {
    let { fen = '', ply: now = '' } = await person.shown();
    if (Number(now) === ply) {
      const uci = someMove(fen, next);
      times.push(await painted(person, uci, () => person.play(uci)));
      if (await isOver(person, ply + 1)) return times;
    }
    ({ fen = '' } = await black.sees({ ply: ply + 1 }));
    const reply = someMove(fen, next);
    const plan = ply % 6 === 0 ? somePremove(fen, reply, next) : null;
    if (plan) times.push(await painted(person, plan, () => person.play(plan)));
    await black.play(reply);
    // A premove is one that the answer allows, so it is played at once.
    if (await isOver(person, ply + (plan ? 3 : 2))) return times;
  }
  await black.press('Resign');
  await black.press('Resign');
  await person.sees({ result: '1-0' });
  return times;
}

/**
 * @param {Player} person
 * @param {number} ply
 * @returns {Promise<boolean>} Once the game has come so far, or is over.
 */
async function isOver({ page }, ply) {
  const state = await page.waitForFunction(
    (ply) => {
      const { dataset } = /** @type {HTMLElement} */ (document.getElementById('app'));
      return dataset.result ? 'over' : Number(dataset.ply) >= ply && 'on';
    },
    ply,
    { polling: 50 },
  );
  return (await state.jsonValue()) === 'over';
}

/**
 * @param {Player} player
 * @param {string} uci
 * @param {() => Promise<void>} act
 */
async function painted({ page }, uci, act) {
  await page.evaluate(
    (to) => /** @type {Watched} */ (globalThis).bench.expect(to),
    uci.slice(2, 4),
  );
  await act();
  return page.evaluate(() => /** @type {Watched} */ (globalThis).bench.painted);
}

/**
 * @param {Player} player
 * @param {boolean} phone By touch a move is made when the second square is touched, by mouse when the piece is let go.
 */
async function watch({ page }, phone) {
  await page.evaluate(
    (event) => {
      /** @type {Watch} */
      const bench = { pressed: 0, expect() {}, painted: Promise.resolve(NaN) };
      /** @type {Watched} */ (globalThis).bench = bench;
      window.addEventListener(event, ({ timeStamp }) => (bench.pressed = timeStamp), {
        capture: true,
      });
      bench.expect = (square) => {
        const pieces = () =>
          [...document.querySelectorAll('cg-board piece:not(.dragging, .ghost, .fading)')].filter(
            (piece) => /** @type {Element & { cgKey: string }} */ (piece).cgKey === square,
          );
        const name = (/** @type {Element} */ piece) => piece.className.replace(' anim', '');
        const before = pieces().map(name)[0];
        const began = performance.now();
        bench.painted = new Promise((resolve, reject) => {
          // A task that is posted within a frame runs once the frame is drawn.
          const { port1, port2 } = new MessageChannel();
          const nextFrame = () => requestAnimationFrame(() => port2.postMessage(null));
          port1.onmessage = () => {
            const now = performance.now();
            // A piece that was taken may still be fading there.
            if (bench.pressed > began && pieces().some((piece) => name(piece) !== before))
              resolve(now - bench.pressed);
            else if (now - began < 30_000) nextFrame();
            else reject(new Error(`nothing came to ${square}`));
          };
          nextFrame();
        });
      };
    },
    phone ? 'pointerdown' : 'pointerup',
  );
}

/**
 * A legal move that is drawn: no castling and no promotion, so that the piece stands where it was put.
 *
 * @param {string} fen
 * @param {(below: number) => number} next
 */
function someMove(fen, next) {
  const position = Chess.fromSetup(parseFen(fen).unwrap()).unwrap();
  const moves = [];
  for (const [from, targets] of position.allDests()) {
    for (const to of targets) {
      const castles = position.board[position.turn].has(to);
      const promotes = position.board.pawn.has(from) && (to < 8 || to >= 56);
      if (!castles && !promotes) moves.push(makeUci({ from, to }));
    }
  }
  const move = moves[next(moves.length)];
  if (!move) throw new Error(`no such move in ${fen}`);
  return move;
}

/**
 * A premove of White that is legal after Black's reply, onto an empty square.
 *
 * @param {string} fen Black to move.
 * @param {string} reply
 * @param {(below: number) => number} next
 */
function somePremove(fen, reply, next) {
  const position = Chess.fromSetup(parseFen(fen).unwrap()).unwrap();
  const planned = premoveDests(fen, 'white', false);
  const square = (/** @type {string} */ name) =>
    'abcdefgh'.indexOf(name.charAt(0)) + 8 * (Number(name.charAt(1)) - 1);
  const before = position.clone();
  position.play({ from: square(reply.slice(0, 2)), to: square(reply.slice(2, 4)) });
  const moves = [];
  for (const [from, targets] of position.allDests()) {
    for (const to of targets) {
      const possible = planned[makeSquare(from)]?.includes(makeSquare(to));
      const promotes = position.board.pawn.has(from) && to >= 56;
      if (possible && !promotes && !before.board.occupied.has(to) && !position.board.white.has(to))
        moves.push(makeUci({ from, to }));
    }
  }
  return moves[next(moves.length)] ?? null;
}

/**
 * A linear congruential generator, with the constants of the C standard's example.
 *
 * @param {number} seed
 */
function random(seed) {
  let state = seed;
  return (/** @type {number} */ below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
}
