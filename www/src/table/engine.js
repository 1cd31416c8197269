// The engine as the page uses it: one worker, started when it is first needed, shared by play and analysis.

/** @import { Engine, SearchInfo } from '@rookery/engine' */
/** @import { LocalRecord, Mind } from './local-game.js' */

/** @type {Promise<Engine> | null} */
let started = null;

/** @returns {Promise<Engine>} */
export function engine() {
  started ??= import('@rookery/engine').then(({ createEngine }) => createEngine());
  started.catch(() => {
    started = null;
  });
  return started;
}

/** Resolves when no engine is on its way any more, whether it came or not. */
export async function engineLoaded() {
  await started?.catch(() => {});
}

/**
 * Uses the engine; one that fails is thrown away and a fresh one gets a single try.
 *
 * @template T
 * @param {AbortSignal} signal What is aborted is not tried again.
 * @param {(player: Engine) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withEngine(signal, use) {
  try {
    return await use(await engine());
  } catch (error) {
    signal.throwIfAborted();
    const failed = started;
    started = null;
    failed?.then((player) => player.terminate()).catch(() => {});
    console.warn('the engine failed and starts again', error);
    return use(await engine());
  }
}

/** @returns {Promise<{ level: number, name: string }[]>} */
export async function engineLevels() {
  const { LEVELS } = await import('@rookery/engine');
  return LEVELS.map(({ level, name }) => ({ level, name }));
}

/** Most time the engine takes for a move, by level, in ms. */
const MOVE_TIME_MS = [200, 250, 350, 450, 600, 900, 1300, 2000];

/** A reply never comes faster than this, in ms: an instant answer reads as a glitch. */
const SHORTEST_PAUSE_MS = 350;

/** What a decided game is worth, in centipawns. */
const MATE_CP = 10_000;

/** @param {SearchInfo['score'] | undefined} score */
export function scoreCp(score) {
  if (!score) return 0;
  if ('mate' in score) return score.mate > 0 ? MATE_CP : -MATE_CP;
  return score.cp;
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>} Resolves early when aborted.
 */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** How long the engine looks for a hint, in ms. */
const HINT_MS = 900;

/**
 * The move that the engine would make at its full strength.
 *
 * @param {LocalRecord} record
 * @param {AbortSignal} signal
 * @returns {Promise<string | null>} UCI, castling as the king takes its rook in Chess960; null where there is no move.
 */
export async function bestMove({ startFen, ucis, chess960 }, signal) {
  const { bestmove } = await withEngine(signal, (player) => {
    signal.throwIfAborted();
    return player.search({
      fen: startFen,
      moves: ucis,
      chess960,
      limits: { movetime: HINT_MS },
      signal,
    });
  });
  return bestmove;
}

/** @type {Mind} */
export const mind = {
  async think({ startFen, ucis, level, chess960 }, signal) {
    const shortest = pause(SHORTEST_PAUSE_MS + (ucis.length % 5) * 60, signal);
    const { bestmove, info } = await withEngine(signal, (player) => {
      signal.throwIfAborted();
      return player.search({
        fen: startFen,
        moves: ucis,
        chess960,
        level,
        limits: { movetime: MOVE_TIME_MS[level - 1] ?? 1000 },
        signal,
      });
    });
    await shortest;
    if (!bestmove) throw new Error('the engine found no move');
    return { uci: bestmove, cp: scoreCp(info?.score) };
  },

  // It agrees when it stands clearly worse, or when a long game is level and nothing happens.
  takesDraw({ ucis }, cp, quietPlies) {
    if (ucis.length < 20) return false;
    if (cp <= -150) return true;
    return ucis.length >= 60 && Math.abs(cp) <= 40 && quietPlies >= 10;
  },
};
