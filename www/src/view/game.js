// The game screen: board, name plates with clocks, and the panel beside them. Every control keeps its place.

import { html, nothing } from 'lit/html.js';
import { keyed } from 'lit/directives/keyed.js';
import { premoveDests } from '../premoves.js';
import { imagined, mayPremove, orientation, shown } from '../table-state.js';
import { boardWords } from '../words.js';
import { opposite } from '../rules.js';
import { arrowView } from './arrow.js';
import { boardView } from './board-view.js';
import { panelView } from './panel.js';
import { plateView } from './plate.js';
import { promotionView } from './promotion.js';

/**
 * @import { Colour, GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table-state.js'
 * @import { BoardModel } from '../board.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 * @param {Controller} act
 */
export function gameView(state, table, act) {
  const game = /** @type {GameState} */ (table.game);
  const bottom = orientation(table);
  const view = shown(table);
  const planning = view.live && mayPremove(table, state.peer.writer);
  const plans = view.live ? imagined(table) : null;
  const fen = plans?.fen ?? view.fen;
  const mover = planning || (view.live && !view.pending && game.can.move) ? game.you : null;
  const hinted = view.live && !view.pending && table.hint ? moveSquares(table.hint.uci) : null;
  /** @type {BoardModel} */
  const model = {
    fen,
    orientation: bottom,
    // For the board a premove is a move of the side that makes it.
    turn: planning && mover ? mover : view.fen.split(' ')[1] === 'b' ? 'black' : 'white',
    check: !plans && !planning && inCheck(table, view),
    uci: view.uci,
    mover,
    dests: planning && mover ? plannedDests(fen, mover, game.variant === 'chess960') : game.dests,
    marks: plans ? premoveMarks(table) : hinted ? `${hinted[0]}=advised ${hinted[1]}=advised` : '',
    epoch: table.boardEpoch,
  };
  return html`
    <h1 class="hidden">Chess game</h1>
    <div
      class="game"
      data-pending=${view.pending ? 'true' : 'false'}
      data-moving=${model.mover ? 'true' : 'false'}
      data-premoves=${table.premoves.length}
    >
      ${plateView(table, opposite(bottom), state)}
      <div class="board-box" data-swipes=${model.mover ? 'false' : 'true'}>
        ${keyed(table.id, boardView(model, { onDrop: act.drop, onCancel: act.cancelPlans }))}
        <p class="hidden" id="board-words">${boardWords(view.fen)}</p>
        ${hinted ? arrowView(hinted[0], hinted[1], bottom) : nothing}
        ${table.promotion ? promotionView(table.promotion, bottom, act) : nothing}
      </div>
      ${plateView(table, bottom, state)} ${panelView(state, table, act)}
    </div>
  `;
}

/**
 * @param {string} uci
 * @returns {[string, string]}
 */
const moveSquares = (uci) => [uci.slice(0, 2), uci.slice(2, 4)];

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
