// The game screen: board, name plates with clocks, and the panel beside them. Every control keeps its place.

import { html, nothing } from 'lit/html.js';
import { keyed } from 'lit/directives/keyed.js';
import { orientation, shown } from '../app-state.js';
import { boardWords } from '../words.js';
import { opposite } from '../rules.js';
import { boardView } from './board-view.js';
import { panelView } from './panel.js';
import { plateView } from './plate.js';
import { promotionView } from './promotion.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { AppState, Table } from '../app-state.js'
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
  /** @type {BoardModel} */
  const model = {
    fen: view.fen,
    orientation: bottom,
    turn: view.fen.split(' ')[1] === 'b' ? 'black' : 'white',
    check: inCheck(game, view),
    uci: view.uci,
    mover: view.live && !view.pending && game.can.move ? game.you : null,
    dests: game.dests,
    epoch: table.boardEpoch,
  };
  return html`
    <h1 class="hidden">Chess game</h1>
    <div
      class="game"
      data-pending=${view.pending ? 'true' : 'false'}
      data-moving=${model.mover ? 'true' : 'false'}
    >
      ${plateView(table, opposite(bottom), state)}
      <div class="board-box">
        ${keyed(table.id, boardView(model, act.drop))}
        <p class="hidden" id="board-words">${boardWords(view.fen)}</p>
        ${table.promotion ? promotionView(table.promotion, bottom, act) : nothing}
      </div>
      ${plateView(table, bottom, state)} ${panelView(state, table, act)}
    </div>
  `;
}

/**
 * @param {GameState} game
 * @param {{ ply: number, live: boolean, pending: boolean }} view
 */
function inCheck(game, { ply, live, pending }) {
  if (live && !pending) return game.check;
  const san = pending ? '' : (game.moves[ply - 1]?.san ?? '');
  return san.endsWith('+') || san.endsWith('#');
}
