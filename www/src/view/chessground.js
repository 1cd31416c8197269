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
 * @property {string} marks Squares that are drawn in a way of their own, as `e4=premove d5=premove`.
 * @property {number} epoch Grows when the board must be put back although the position is the same.
 */

/**
 * @typedef {object} BoardHandlers
 * @property {(from: string, to: string) => void} onDrop
 * @property {() => void} onCancel The right button, or a tap on an empty square while no piece is picked up.
 *
 * @typedef {object} Board
 * @property {(model: BoardModel) => void} show Draws what differs from the last model.
 * @property {() => void} destroy
 */

/**
 * @param {HTMLElement} element Square and empty.
 * @param {BoardModel} first
 * @param {BoardHandlers} handlers
 * @returns {Board}
 */
export function createBoard(element, first, { onDrop, onCancel }) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const config = (/** @type {BoardModel} */ model) => ({
    fen: model.fen,
    orientation: model.orientation,
    turnColor: model.turn,
    check: model.check ? model.turn : false,
    lastMove: model.uci ? lastMove(model.uci) : [],
    highlight: { custom: squareClasses(model.marks) },
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
    highlight: { ...config(first).highlight, lastMove: true, check: true },
    coordinates: true,
    addPieceZIndex: false,
    events: {
      select(key) {
        if (!picked && !ground.state.selected && !ground.state.pieces.has(key)) onCancel();
      },
    },
  });
  let picked = false;
  const note = () => {
    picked = ground.state.selected !== undefined;
  };
  const refuse = (/** @type {Event} */ event) => {
    event.preventDefault();
    onCancel();
  };
  // Before the board itself hears of it.
  for (const type of ['touchstart', 'mousedown']) {
    element.addEventListener(type, note, { capture: true, passive: true });
  }
  element.addEventListener('contextmenu', refuse);
  let last = first;
  return {
    show(model) {
      if (sameModel(model, last)) return;
      const { selected, pieces } = ground.state;
      const held = selected && pieces.get(selected);
      const reset = model.epoch !== last.epoch || model.mover !== last.mover;
      last = model;
      if (reset) ground.cancelMove();
      ground.set(config(model));
      // A piece in the hand stays there while the other side moves, unless it is taken.
      const now = selected && ground.state.pieces.get(selected);
      if (held && (held.color !== now?.color || held.role !== now?.role)) ground.cancelMove();
    },
    destroy() {
      for (const type of ['touchstart', 'mousedown']) {
        element.removeEventListener(type, note, { capture: true });
      }
      element.removeEventListener('contextmenu', refuse);
      ground.destroy();
    },
  };
}

/**
 * @param {string} uci
 * @returns {Key[]}
 */
const lastMove = (uci) => /** @type {Key[]} */ ([uci.slice(0, 2), uci.slice(2, 4)]);

/**
 * @param {string} marks
 * @returns {Map<Key, string>}
 */
function squareClasses(marks) {
  /** @type {Map<Key, string>} */
  const classes = new Map();
  for (const mark of marks.split(' ').filter(Boolean)) {
    const [square, name] = mark.split('=');
    classes.set(/** @type {Key} */ (square), name);
  }
  return classes;
}

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
    a.marks === b.marks &&
    a.epoch === b.epoch
  );
}
