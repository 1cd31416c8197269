// The built package through its public API, in Node's worker threads.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createEngine, EngineError, LEVELS, START } from './package.mjs';

/** @type {import('../js/index.d.ts').Engine} */
let engine;
before(async () => {
  engine = await createEngine({ hashMb: 8 });
});
after(() => engine.terminate());

/** @param {string} code */
const refused = (code) => (/** @type {unknown} */ error) => {
  assert.ok(error instanceof EngineError, String(error));
  assert.equal(error.code, code);
  assert.ok(error.message.length > 10);
  return true;
};

test('a search reports and answers', async () => {
  /** @type {import('../js/index.d.ts').SearchInfo[]} */
  const infos = [];
  const result = await engine.search({
    fen: START,
    moves: ['e2e4', 'e7e5'],
    limits: { depth: 9 },
    onInfo: (info) => infos.push(info),
  });
  assert.match(result.bestmove ?? '', /^[a-h][1-8][a-h][1-8]$/);
  assert.match(result.ponder ?? '', /^[a-h][1-8][a-h][1-8]$/);
  assert.equal(infos.length, 9);
  assert.deepEqual(infos.at(-1), result.info);
  const { info } = result;
  assert.ok(info && 'cp' in info.score && Math.abs(info.score.cp) < 150);
  assert.equal(info.depth, 9);
  assert.equal(info.pv[0], result.bestmove);
  for (const key of /** @type {const} */ (['seldepth', 'multipv', 'nodes', 'nps'])) {
    assert.ok(Number.isInteger(info[key]) && info[key] > 0, key);
  }
});

test('mates are scored as mates', async () => {
  const { bestmove, info } = await engine.search({
    fen: '6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1',
    limits: { depth: 4 },
  });
  assert.equal(bestmove, 'd1d8');
  assert.deepEqual(info?.score, { mate: 1 });
});

test('a game that is over has no move', async () => {
  for (const fen of ['R5k1/5ppp/8/8/8/8/8/7K b - - 0 1', '7k/5Q2/6K1/8/8/8/8/8 b - - 0 1']) {
    const { bestmove, ponder } = await engine.search({ fen, limits: { depth: 3 } });
    assert.equal(bestmove, null);
    assert.equal(ponder, null);
  }
});

test('every limit ends the search', async () => {
  for (const limits of [
    { movetime: 30 },
    { nodes: 2000 },
    { wtime: 300.7, btime: 300, winc: 10, binc: 10, movestogo: 5 },
    { wtime: -5, btime: 100 },
  ]) {
    assert.ok((await engine.search({ fen: START, limits })).bestmove);
  }
});

test('several lines come when asked for', async () => {
  const seen = new Set();
  await engine.search({
    fen: START,
    limits: { depth: 5 },
    multipv: 4,
    onInfo: ({ multipv }) => seen.add(multipv),
  });
  assert.deepEqual([...seen].sort(), [1, 2, 3, 4]);
});

test('every level answers, and only the highest is strict', async () => {
  assert.deepEqual(
    LEVELS.map(({ level }) => level),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  for (const { level, name } of LEVELS) {
    const limits = level === 8 ? { depth: 6 } : { movetime: 2000 };
    const { bestmove, info } = await engine.search({ fen: START, limits, level });
    assert.ok(bestmove, name);
    assert.equal(info?.pv[0], bestmove, name);
  }
});

test('chess960 castling is king takes rook', async () => {
  const { bestmove } = await engine.search({
    fen: '1r2k1r1/pppppppp/8/8/8/8/PPPPPPPP/1R2K1R1 w GBgb - 0 1',
    moves: ['e1g1'],
    limits: { depth: 4 },
    chess960: true,
  });
  assert.ok(bestmove);
});

test('stop is followed within 50 ms, with an answer', async () => {
  const latencies = [];
  for (let i = 0; i < 15; i += 1) {
    /** @type {() => void} */
    let deep = () => {};
    const reached = new Promise((resolve) => (deep = () => resolve(null)));
    const search = engine.search({
      fen: START,
      limits: { infinite: true },
      onInfo: ({ depth }) => depth >= 10 && deep(),
    });
    await reached;
    const asked = performance.now();
    engine.stop();
    assert.ok((await search).bestmove);
    latencies.push(performance.now() - asked);
  }
  latencies.sort((a, b) => a - b);
  // Others may hold the processor for a moment, but not most of the time.
  assert.ok((latencies[7] ?? 99) < 50, `latencies ${latencies.map(Math.round).join(' ')} ms`);
});

test('an infinite search waits even when there is nothing left to search', async () => {
  let done = false;
  const search = engine.search({
    fen: '7k/8/8/8/8/8/6q1/7K w - - 0 1',
    limits: { infinite: true },
  });
  search.then(() => (done = true));
  // A second question is answered behind the first: by then the first would have been.
  await new Promise((resolve) => setImmediate(resolve));
  await wait(20);
  assert.equal(done, false);
  engine.stop();
  assert.equal((await search).bestmove, 'h1g2');
});

test('a second search stops the first, and both answer', async () => {
  const first = engine.search({ fen: START, limits: { infinite: true } });
  const second = engine.search({ fen: START, moves: ['d2d4'], limits: { depth: 4 } });
  assert.match((await first).bestmove ?? '', /^[a-h][12][a-h][34]$/);
  assert.match((await second).bestmove ?? '', /^[a-h][78][a-h][56]$/);
});

test('a hundred rapid searches and stops all answer', async () => {
  const searches = [];
  for (let i = 0; i < 100; i += 1) {
    searches.push(engine.search({ fen: START, limits: { infinite: true } }));
    if (i % 2) engine.stop();
  }
  engine.stop();
  for (const { bestmove } of await Promise.all(searches)) assert.ok(bestmove);
});

test('aborting stops the search and rejects with the reason', async () => {
  const abort = new AbortController();
  const search = engine.search({ fen: START, limits: { infinite: true }, signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(search, /enough/);
  await assert.rejects(
    engine.search({ fen: START, limits: { depth: 1 }, signal: abort.signal }),
    /enough/,
  );
  assert.ok((await engine.search({ fen: START, limits: { depth: 3 } })).bestmove);
});

test('bad input is refused with a code, and the engine plays on', async () => {
  const limits = { depth: 1 };
  /** @type {[string, any][]} */
  const bad = [
    ['bad-position', { fen: 'rubbish', limits }],
    ['bad-position', { fen: '', limits }],
    ['bad-position', { fen: 7, limits }],
    ['bad-position', { fen: '8/8/8/8/8/8/8/8 w - - 0 1', limits }],
    ['bad-position', { fen: `${START}\nquit`, limits }],
    ['bad-position', { fen: `${START} moves e2e4`, limits }],
    ['bad-position', { fen: 'x'.repeat(1_000_000), limits }],
    ['illegal-move', { fen: START, moves: ['e2e5'], limits }],
    ['illegal-move', { fen: START, moves: ['e2e4', 'e2e4'], limits }],
    ['illegal-move', { fen: START, moves: ['O-O'], limits }],
    ['illegal-move', { fen: START, moves: ['e2e4\nquit'], limits }],
    ['illegal-move', { fen: START, moves: [null], limits }],
    ['illegal-move', { fen: START, moves: 'e2e4', limits }],
    ['bad-limits', { fen: START, limits: undefined }],
    ['bad-limits', { fen: START, limits: { depth: 0 } }],
    ['bad-limits', { fen: START, limits: { depth: 1.5 } }],
    ['bad-limits', { fen: START, limits: { depth: 1e9 } }],
    ['bad-limits', { fen: START, limits: { nodes: -1 } }],
    ['bad-limits', { fen: START, limits: { movetime: NaN } }],
    ['bad-limits', { fen: START, limits: { movetime: 1e300 } }],
    ['bad-limits', { fen: START, limits: { wtime: '100' } }],
    ['bad-option', { fen: START, limits, level: 9 }],
    ['bad-option', { fen: START, limits, level: '3' }],
    ['bad-option', { fen: START, limits, multipv: 0 }],
    ['bad-option', { fen: START, limits: { depth: () => 1 } }],
  ];
  for (const [code, request] of bad) {
    await assert.rejects(
      engine.search(request),
      refused(code),
      JSON.stringify(request).slice(0, 80),
    );
  }
  assert.ok((await engine.search({ fen: START, limits: { depth: 3 } })).bestmove);
});

test('a new game forgets what was learned', async () => {
  const search = () => engine.search({ fen: START, limits: { depth: 8 } });
  await engine.newGame();
  const first = await search();
  await engine.newGame();
  assert.equal((await search()).info?.nodes, first.info?.nodes);
});

test('engines that cannot start say why', async () => {
  for (const hashMb of [0, -1, 1e9]) {
    await assert.rejects(createEngine({ hashMb }), refused('bad-option'), String(hashMb));
  }
  // More than 32 bits can address.
  await assert.rejects(createEngine({ hashMb: 4096 }), refused('no-memory'));
  for (const options of [{ wasmUrl: './missing.wasm' }, { workerUrl: '/nowhere/worker.mjs' }]) {
    await assert.rejects(createEngine(options), refused('load-failed'));
  }
});

test('a terminated engine rejects what runs and what comes', async () => {
  const other = await createEngine();
  const running = other.search({ fen: START, limits: { infinite: true } });
  other.terminate();
  await assert.rejects(running, refused('terminated'));
  await assert.rejects(other.search({ fen: START, limits: { depth: 1 } }), refused('terminated'));
  await assert.rejects(other.newGame(), refused('terminated'));
  other.stop();
  other.terminate();
});
