// Looking at a game: back and forth through its moves, from the other side, with the engine's eyes, or with a hint of it.

import { analyse } from '../table/analysis.js';
import { bestMove } from '../table/engine.js';
import { LocalGame } from '../table/local-game.js';
import { spokenSan } from '../chess/notation.js';
import { extendLine, playLine } from '../chess/rules.js';
import { shown } from '../table/table-state.js';

/**
 * @import { Table } from '../table/table-state.js'
 * @import { Desk } from './desk.js'
 */

/** @param {Desk} desk */
export function lookingWishes({ dispatch, table, game, complain }) {
  /** @type {(() => void) | null} */
  let stopAnalysis = null;
  /** @type {AbortController | null} */
  let hinting = null;

  /** @param {Table} current */
  function analyseShown(current) {
    stopAnalysis?.();
    stopAnalysis = analyse(shown(current).fen, (analysis) =>
      dispatch({ type: 'table', fields: { analysis } }),
    );
  }

  function stopLooking() {
    stopAnalysis?.();
    stopAnalysis = null;
    hinting?.abort();
    hinting = null;
  }

  /** @param {number} ply */
  function showPly(ply) {
    const before = table();
    dispatch({ type: 'show-ply', ply });
    const after = table();
    if (after?.analysis && before !== after) analyseShown(after);
  }

  return {
    showPly,
    stopLooking,

    /** @param {number} by Plies, forward or back. */
    step(by) {
      const current = table();
      if (current?.game) showPly(shown(current).ply + by);
    },

    /** The engine's best move in a game against the computer, shown and said, and not played. */
    async hint() {
      const played = game();
      const asked = table()?.game;
      if (!(played instanceof LocalGame) || !asked?.can.move || table()?.hinting) return;
      const mine = (hinting = new AbortController());
      dispatch({ type: 'table', fields: { hinting: true, hint: null } });
      try {
        const uci = await bestMove(played.record, mine.signal);
        if (mine.signal.aborted || table()?.game?.fen !== asked.fen) return;
        const line = playLine(asked.fen, [], asked.variant === 'chess960');
        const move = uci === null ? undefined : extendLine(line, uci)?.moves[0];
        if (!move) return;
        const { san } = move;
        dispatch({ type: 'table', fields: { hint: { uci: move.uci, san } } });
        dispatch({ type: 'announce', words: `Hint: ${spokenSan(san)}.` });
      } catch (error) {
        if (!mine.signal.aborted) complain(error);
      } finally {
        if (hinting === mine) {
          hinting = null;
          dispatch({ type: 'table', fields: { hinting: false } });
        }
      }
    },

    flip() {
      const current = table();
      if (current) dispatch({ type: 'table', fields: { flipped: !current.flipped } });
    },

    analyse() {
      const current = table();
      if (!current?.game) return;
      if (current.analysis) {
        stopLooking();
        dispatch({ type: 'table', fields: { analysis: null } });
      } else analyseShown(current);
    },
  };
}
