// Looking at a game: back and forth through its moves, from the other side, with the engine's eyes.

import { analyse } from '../analysis.js';
import { shown } from '../table-state.js';

/**
 * @import { Table } from '../table-state.js'
 * @import { Desk } from './desk.js'
 */

/** @param {Desk} desk */
export function lookingWishes({ dispatch, table }) {
  /** @type {(() => void) | null} */
  let stopAnalysis = null;

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
