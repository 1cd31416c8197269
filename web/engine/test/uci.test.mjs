// uci.mjs as a process: a whole game, the protocol, and the same tree as the native engine.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { NATIVE, UCI } from './package.mjs';

/** The engine as a process. */
class Process {
  #child = spawn(process.execPath, [UCI], { stdio: ['pipe', 'pipe', 'inherit'] });
  #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  /** @param {string} line */
  send(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /**
   * Reads up to the line that begins with `start`.
   * @param {string} start
   */
  async until(start) {
    const seen = [];
    for (;;) {
      const { value, done } = await this.#lines.next();
      assert.ok(!done, `the engine ended before ${start}: ${seen.join('\n')}`);
      seen.push(value);
      if (value.startsWith(start)) return seen;
    }
  }

  /** @returns {Promise<number | null>} The exit code. */
  async end() {
    this.#child.stdin.end();
    if (this.#child.exitCode !== null) return this.#child.exitCode;
    return new Promise((resolve) => this.#child.once('exit', resolve));
  }
}

test('it plays a whole game at a short clock, and never overruns it', async () => {
  const engine = new Process();
  engine.send('uci');
  await engine.until('uciok');
  engine.send('ucinewgame');
  /** @type {string[]} */
  const moves = [];
  const clocks = [1000, 1000];
  for (let ply = 0; ply < 240; ply += 1) {
    const side = ply % 2;
    engine.send(`position startpos${moves.length > 0 ? ` moves ${moves.join(' ')}` : ''}`);
    const asked = performance.now();
    const [white, black] = clocks.map(Math.floor);
    engine.send(`go wtime ${white} btime ${black} winc 20 binc 20`);
    const seen = await engine.until('bestmove');
    const used = performance.now() - asked;
    const left = (clocks[side] ?? 0) - used;
    assert.ok(left > 0, `ply ${ply} overran its clock by ${-left} ms`);
    clocks[side] = left + 20;
    assert.ok(!seen.some((line) => line.includes('refused')), seen.join('\n'));
    const best = seen.at(-1)?.split(' ')[1] ?? '';
    if (best === '(none)') break;
    moves.push(best);
  }
  assert.ok(moves.length > 20, moves.join(' '));
  engine.send('quit');
  assert.equal(await engine.end(), 0);
});

test('it is stopped at any moment and refuses what it cannot follow', async () => {
  const engine = new Process();
  engine.send('go infinite');
  engine.send('isready');
  await engine.until('readyok');
  engine.send('position startpos moves e2e4');
  assert.match((await engine.until('info string')).at(-1) ?? '', /refused/);
  engine.send('stop');
  await engine.until('bestmove');
  engine.send('go depth banana');
  assert.match((await engine.until('info string')).at(-1) ?? '', /refused/);
  engine.send('go perft 12');
  engine.send('stop');
  await engine.until('info string perft stopped');
  assert.equal(await engine.end(), 0);
});

test('the end of input ends it, with the answer', async () => {
  const engine = new Process();
  engine.send('go depth 9');
  const code = engine.end();
  await engine.until('bestmove');
  assert.equal(await code, 0);
});

/** @param {string[]} words */
const run = (...words) => execFileSync(process.execPath, [UCI, ...words], { encoding: 'utf8' });

test('perft counts as published', () => {
  assert.match(run('go', 'perft', '5'), /^Nodes searched: 4865609$/m);
});

test(
  'it searches the same tree as the native engine',
  { skip: NATIVE === null && 'the native engine is not built' },
  () => {
    const nodes = (/** @type {string} */ text) => /^(\d+) nodes /m.exec(text)?.[1];
    const here = nodes(run('bench', '9'));
    assert.ok(Number(here) > 50_000);
    assert.equal(here, nodes(execFileSync(NATIVE ?? '', ['bench', '9'], { encoding: 'utf8' })));
  },
);
