// What the board shows and lets be moved, from the state: the same for the pointer, the keyboard and who listens.

import { premoveDests } from '../table/premoves.js';
import { imagined, mayPremove, orientation, shown } from '../table/table-state.js';

/**
 * @import { Colour, GameState } from '@rookery/peer'
 * @import { BoardModel } from '../view/chessground.js'
 * @import { Table } from '../table/table-state.js'
 */

/**
 * @param {Table} table Ready: it has a game.
 * @param {boolean} writer Whether this tab may sign.
 * @returns {BoardModel}
 */
export function boardModel(table, writer) {
  const game = /** @type {GameState} */ (table.game);
  const view = shown(table);
  const planning = view.live && mayPremove(table, writer);
  const plans = view.live ? imagined(table) : null;
  const fen = plans?.fen ?? view.fen;
  const mover = planning || (view.live && !view.pending && game.can.move) ? game.you : null;
  const hinted = hintedSquares(table);
  return {
    fen,
    orientation: orientation(table),
    // For the board a premove is a move of the side that makes it.
    turn: planning && mover ? mover : view.fen.split(' ')[1] === 'b' ? 'black' : 'white',
    check: !plans && !planning && inCheck(table, view),
    uci: view.uci,
    mover,
    dests: planning && mover ? plannedDests(fen, mover, game.variant === 'chess960') : game.dests,
    marks: plans ? premoveMarks(table) : hinted ? `${hinted[0]}=advised ${hinted[1]}=advised` : '',
    epoch: table.boardEpoch,
  };
}

/**
 * From where to where the hint goes, while it is on the board.
 *
 * @param {Table} table Ready: it has a game.
 * @returns {[string, string] | null}
 */
export function hintedSquares(table) {
  const { live, pending } = shown(table);
  if (!live || pending || !table.hint) return null;
  return [table.hint.uci.slice(0, 2), table.hint.uci.slice(2, 4)];
}

/** @type {{ key: string, dests: Record<string, string[]> }} */
let lastPlanned = { key: '', dests: {} };

/**
 * The board is drawn with every tick of a clock; what may be planned changes with the position alone.
 *
 * @param {string} fen
 * @param {Colour} colour
 * @param {boolean} chess960
 */
function plannedDests(fen, colour, chess960) {
  const key = `${fen} ${colour} ${chess960}`;
  if (key !== lastPlanned.key) lastPlanned = { key, dests: premoveDests(fen, colour, chess960) };
  return lastPlanned.dests;
}

/** @param {Table} table */
const premoveMarks = ({ premoves }) =>
  premoves.flatMap(({ from, to }) => [`${from}=premove`, `${to}=premove`]).join(' ');

/**
 * @param {Table} table
 * @param {{ ply: number, live: boolean, pending: boolean }} view
 */
function inCheck({ game, candidate }, { ply, live, pending }) {
  if (live && !pending) return game?.check ?? false;
  const san = pending ? (candidate?.san ?? '') : (game?.moves[ply - 1]?.san ?? '');
  return san.endsWith('+') || san.endsWith('#');
}
