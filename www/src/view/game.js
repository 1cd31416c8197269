// The game screen: board, name plates with clocks, and the panel beside them. Every control keeps its place.

import { html, nothing } from 'lit/html.js';
import { keyed } from 'lit/directives/keyed.js';
import { boardModel, hintedSquares } from '../chess/board-model.js';
import { shown } from '../table/table-state.js';
import { opposite } from '../chess/rules.js';
import { arrowView } from './arrow.js';
import { boardView } from './board-view.js';
import { listeningView } from './listening.js';
import { panelView } from './panel.js';
import { plateView } from './plate.js';
import { promotionView } from './promotion.js';
import { squaresView } from './squares.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

const KEYS = 'Arrows walk, Enter picks up and puts down, the question mark tells the other keys.';

/**
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 * @param {Controller} act
 */
export function gameView(state, table, act) {
  const { settings, peer } = state;
  const view = shown(table);
  const model = boardModel(table, peer.writer);
  const bottom = model.orientation;
  const hinted = hintedSquares(table);
  return html`
    <h1 class="hidden" tabindex="-1">Chess game</h1>
    ${settings.screenReader ? listeningView(state, table, act) : nothing}
    <div
      class=${settings.screenReader ? 'game heard' : 'game'}
      data-pending=${view.pending ? 'true' : 'false'}
      data-moving=${model.mover ? 'true' : 'false'}
      data-premoves=${table.premoves.length}
    >
      ${plateView(table, opposite(bottom), state, act)}
      <div class="board-box" data-swipes=${model.mover ? 'false' : 'true'}>
        ${keyed(table.id, boardView(model, { onDrop: act.drop, onCancel: act.cancelPlans }, true))}
        ${squaresView(model, table, settings, act)}
        <p class="hidden" id="board-keys">${KEYS}</p>
        ${hinted ? arrowView(hinted[0], hinted[1], bottom) : nothing}
        ${table.promotion ? promotionView(table.promotion, bottom, act) : nothing}
      </div>
      ${plateView(table, bottom, state, act)} ${panelView(state, table, act)}
    </div>
  `;
}
