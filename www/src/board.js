// The chessboard on screen: chessground, told what to show and telling what was dropped.

import { Chessground } from '@lichess-org/chessground';

/**
 * @import { Colour } from '@rookery/peer'
 * @import { Api } from '@lichess-org/chessground/api'
 * @import { Key } from '@lichess-org/chessground/types'
 */

/**
 * @typedef {object} BoardModel
 * @property {string} fen
 * @property {Colour} orientation
 * @property {Colour} turn
 * @property {boolean} check
 * @property {string | null} uci The move that led here.
 * @property {Colour | null} mover Whose pieces may be moved; null for nobody.
 * @property {Record<string, string[]>} dests
 * @property {number} epoch Grows when the board must be put back although the position is the same.
 */

/**
 * @typedef {object} Board
 * @property {(model: BoardModel) => void} show Draws what differs from the last model.
 * @property {() => void} destroy
 */

/**
 * @param {HTMLElement} element Square and empty.
 * @param {BoardModel} first
 * @param {(from: string, to: string) => void} onDrop
 * @returns {Board}
 */
export function createBoard(element, first, onDrop) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const config = (/** @type {BoardModel} */ model) => ({
    fen: model.fen,
    orientation: model.orientation,
    turnColor: model.turn,
    check: model.check ? model.turn : false,
    lastMove: model.uci ? lastMove(model.uci) : [],
    movable: {
      free: false,
      color: model.mover ?? undefined,
      dests: new Map(
        /** @type {[Key, Key[]][]} */ (model.mover ? Object.entries(model.dests) : []),
      ),
    },
    animation: { enabled: !calm.matches, duration: 180 },
  });
  /** @type {Api} */
  const ground = Chessground(element, {
    ...config(first),
    movable: {
      ...config(first).movable,
      showDests: true,
      events: { after: (from, to) => onDrop(from, to) },
    },
    premovable: { enabled: false },
    // Its drawing layer carries inline styles, which the page's policy forbids.
    drawable: { enabled: false, visible: false },
    draggable: { distance: 4, showGhost: true },
    highlight: { lastMove: true, check: true },
    coordinates: true,
    addPieceZIndex: false,
  });
  let last = first;
  return {
    show(model) {
      if (sameModel(model, last)) return;
      if (model.epoch !== last.epoch || model.fen !== last.fen) ground.cancelMove();
      last = model;
      ground.set(config(model));
    },
    destroy: () => ground.destroy(),
  };
}

/**
 * @param {string} uci
 * @returns {Key[]}
 */
const lastMove = (uci) => /** @type {Key[]} */ ([uci.slice(0, 2), uci.slice(2, 4)]);

/**
 * Destinations follow from position and mover; comparing them too would snap back a piece that was just dropped.
 *
 * @param {BoardModel} a
 * @param {BoardModel} b
 */
function sameModel(a, b) {
  return (
    a.fen === b.fen &&
    a.orientation === b.orientation &&
    a.turn === b.turn &&
    a.check === b.check &&
    a.uci === b.uci &&
    a.mover === b.mover &&
    a.epoch === b.epoch
  );
}
