// From what a caller asks to lines of UCI, and from lines of UCI to what a caller gets. No input or output here.

import { EngineError } from './errors.js';
import { LEVELS } from './levels.js';

/** @import { SearchInfo, SearchLimits, SearchRequest } from './index.d.ts' */

const LINES_MAX = 256;
const TIMES = /** @type {const} */ (['movetime', 'wtime', 'btime', 'winc', 'binc']);
const COUNTS = /** @type {const} */ (['depth', 'nodes', 'movestogo', 'mate']);

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} min
 * @param {number} max
 * @param {import('./index.d.ts').EngineErrorCode} code
 * @returns {number}
 */
function whole(value, name, min, max, code) {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new EngineError(code, `${name} must be a whole number from ${min} to ${max}`);
  }
  return value;
}

/**
 * The `go` command.
 * @param {SearchLimits} limits
 */
function goLine(limits) {
  if (typeof limits !== 'object' || limits === null) {
    throw new EngineError('bad-limits', 'limits must be an object');
  }
  let line = 'go';
  for (const name of TIMES) {
    const ms = limits[name];
    if (ms === undefined) continue;
    if (typeof ms !== 'number' || !Number.isFinite(ms)) {
      throw new EngineError('bad-limits', `${name} must be a number of milliseconds`);
    }
    // An overdrawn clock is an empty one.
    line += ` ${name} ${Math.max(0, Math.floor(ms))}`;
  }
  for (const name of COUNTS) {
    const count = limits[name];
    if (count === undefined) continue;
    line += ` ${name} ${whole(count, name, 1, Number.MAX_SAFE_INTEGER, 'bad-limits')}`;
  }
  if (limits.infinite) line += ' infinite';
  return line;
}

/**
 * @param {string} fen
 * @param {readonly string[]} moves
 */
function positionLine(fen, moves) {
  // One line of plain text: a FEN cannot smuggle in a second command.
  if (typeof fen !== 'string' || !/^[ -~]{1,200}$/.test(fen) || / moves /.test(` ${fen} `)) {
    throw new EngineError('bad-position', 'fen must be one line of FEN');
  }
  if (!Array.isArray(moves)) throw new EngineError('illegal-move', 'moves must be an array');
  moves.forEach((move, index) => {
    if (typeof move !== 'string' || !/^[a-h][1-8][a-h][1-8][nbrq]?$/.test(move)) {
      throw new EngineError('illegal-move', `move ${index + 1} is not a UCI move`);
    }
  });
  return `position fen ${fen}${moves.length > 0 ? ` moves ${moves.join(' ')}` : ''}`;
}

/**
 * @typedef {object} Commands
 * @property {string[]} options Lines that never fail.
 * @property {string} position
 * @property {string} go
 */

/**
 * All lines that a search takes.
 * @param {SearchRequest} request
 * @returns {Commands} Throws an `EngineError` on what can be seen to be wrong from here.
 */
export function commands({ fen, moves = [], limits, level, multipv, chess960 = false }) {
  const strength = whole(level ?? LEVELS.length, 'level', 1, LEVELS.length, 'bad-option');
  const lines = whole(multipv ?? 1, 'multipv', 1, LINES_MAX, 'bad-option');
  return {
    options: [
      `setoption name UCI_Chess960 value ${chess960 === true}`,
      `setoption name Level value ${strength}`,
      `setoption name MultiPV value ${lines}`,
    ],
    position: positionLine(fen, moves),
    go: goLine(limits),
  };
}

/**
 * The words of a refusal, or null if the line is none.
 * @param {string} line
 */
export function refusal(line) {
  const start = 'info string refused: ';
  return line.startsWith(start) ? line.slice(start.length) : null;
}

/**
 * Reads an `info` line.
 * @param {string} line
 * @returns {SearchInfo | null} Null if it says nothing about the search.
 */
export function readInfo(line) {
  const words = line.split(' ');
  if (words[0] !== 'info' || words[1] === 'string') return null;
  /** @param {string} name */
  const number = (name) => Number(words[words.indexOf(name) + 1]);
  const score = words.indexOf('score');
  const value = Number(words[score + 2]);
  const bound = words[score + 3];
  const pv = words.indexOf('pv');
  return {
    depth: number('depth'),
    seldepth: number('seldepth'),
    multipv: number('multipv'),
    score: words[score + 1] === 'mate' ? { mate: value } : { cp: value },
    ...(bound === 'lowerbound' || bound === 'upperbound' ? { bound } : {}),
    nodes: number('nodes'),
    nps: number('nps'),
    timeMs: number('time'),
    hashfull: number('hashfull'),
    pv: pv < 0 ? [] : words.slice(pv + 1).filter(Boolean),
  };
}

/**
 * Reads a `bestmove` line.
 * @param {string} line
 * @returns {{ bestmove: string | null, ponder: string | null } | null} Null if it is another line.
 */
export function readBest(line) {
  const words = line.split(' ');
  if (words[0] !== 'bestmove') return null;
  const best = words[1] ?? '(none)';
  return { bestmove: best === '(none)' ? null : best, ponder: words[3] ?? null };
}
