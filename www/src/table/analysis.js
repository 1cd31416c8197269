// What the engine thinks of one position: its best lines, in words a player reads, until it is told to stop.

import { withEngine } from './engine.js';
import { sanLine } from '../chess/notation.js';

/** @import { AnalysisLine, AnalysisView } from './table-state.js' */
/** @import { SearchInfo } from '@rookery/engine' */

const LINES = 3;
/** Long enough for a deep look, short enough to spare a battery. */
const LONGEST_MS = 20_000;
/** The screen is told at most this often, in ms. */
const REPORT_EVERY_MS = 200;
/** Plies of a line that are shown. */
const SHOWN_PLIES = 8;

/**
 * @param {SearchInfo['score']} score From the side to move.
 * @param {boolean} blackToMove
 * @returns {string} From White's side: `+0.35`, `−1.20`, `#4`, `#−2`.
 */
export function scoreText(score, blackToMove) {
  const sign = blackToMove ? -1 : 1;
  if ('mate' in score) {
    const mate = score.mate * sign;
    return mate < 0 ? `#−${-mate}` : `#${mate}`;
  }
  const pawns = (score.cp * sign) / 100;
  if (Math.abs(pawns) < 0.005) return '0.00';
  return `${pawns < 0 ? '−' : '+'}${Math.abs(pawns).toFixed(2)}`;
}

/**
 * Starts to analyse a position.
 *
 * @param {string} fen A position where the game is not over by rule.
 * @param {(view: AnalysisView) => void} report
 * @returns {() => void} Stops it.
 */
export function analyse(fen, report) {
  const stop = new AbortController();
  const blackToMove = fen.split(' ')[1] === 'b';
  /** @type {AnalysisLine[]} */
  const lines = [];
  let depth = 0;
  let reportedMs = -Infinity;
  const tell = (error = '') => {
    if (!stop.signal.aborted) report({ fen, depth, lines: [...lines], error });
  };
  /** @param {SearchInfo} info */
  const onInfo = (info) => {
    if (info.pv.length === 0) return;
    lines[(info.multipv ?? 1) - 1] = {
      score: scoreText(info.score, blackToMove),
      san: sanLine(fen, info.pv.slice(0, SHOWN_PLIES)),
    };
    depth = Math.max(depth, info.depth);
    const now = performance.now();
    if (now - reportedMs < REPORT_EVERY_MS) return;
    reportedMs = now;
    tell();
  };
  tell();
  withEngine(stop.signal, (player) => {
    stop.signal.throwIfAborted();
    return player.search({
      fen,
      limits: { movetime: LONGEST_MS },
      multipv: LINES,
      signal: stop.signal,
      onInfo,
    });
  }).then(
    () => tell(lines.length > 0 ? '' : 'The game ends here: there is no move to find.'),
    (error) => tell(`The engine stopped: ${error instanceof Error ? error.message : error}.`),
  );
  return () => stop.abort();
}
