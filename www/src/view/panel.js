// The panel beside the board: status, moves, navigation, actions, the move field, and ways to keep the game.

import { html, nothing } from 'lit/html.js';
import { shown } from '../table/table-state.js';
import { actionsView } from './actions.js';
import { chatView } from './chat.js';
import { deviceView } from './device.js';
import { directQuestion, directSwitch } from './direct.js';
import { findingsView } from './findings.js';
import { handOffer } from './hand-form.js';
import { icons } from './icons.js';
import { leavingLinks, leavingView } from './leaving.js';
import { movesView, navigationView } from './record.js';
import { standingView } from './standing.js';
import { statusView } from './status.js';
import { tailView } from './tail.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 * @param {Controller} act
 */
export function panelView(state, table, act) {
  return html`
    <aside class="panel" aria-label="Game">
      ${statusView(state, table, act)} ${troublesView(state, table, act)} ${movesView(table, act)}
      ${navigationView(table, act)} ${actionsView(state, table, act)}
      ${tailView(state, table, act, !state.settings.screenReader)} ${directQuestion(table, act)}
      ${keepView(table, act)} ${chatView(state, table, act)}
    </aside>
  `;
}

/**
 * What a person has to know besides the game.
 *
 * @param {AppState} state
 * @param {Table} table
 * @param {Controller} act
 */
function troublesView({ peer }, table, act) {
  const waits = [standingView(table), leavingView(table, act), handOffer(table, act)];
  const all = [deviceView(table, peer.writer, act), ...waits, findingsView(table, act)];
  const parts = all.filter((part) => part !== nothing);
  return parts.length > 0 ? html`<div class="troubles">${parts}</div>` : nothing;
}

/**
 * @param {Table} table
 * @param {Controller} act
 */
function keepView(table, act) {
  const { kind, turning } = table;
  const moves = (table.game?.moves.length ?? 0) > 0 || kind === 'peer';
  return html`<div class="keep" role="group" aria-label="Keep this game">
    ${
      moves
        ? html`<button class="quiet" @click=${() => act.copy(act.pgn(), 'PGN')}>
              ${icons.copy}Copy PGN
            </button>
            <button class="quiet" @click=${act.downloadPgn}>${icons.save}PGN</button>`
        : nothing
    }
    <button class="quiet" @click=${() => act.copy(shown(table).fen, 'Position')}>
      ${icons.copy}Copy FEN
    </button>
    ${
      'share' in navigator && moves
        ? html`<button class="quiet" @click=${act.shareGame}>${icons.share}Share…</button>`
        : nothing
    }
    ${
      kind === 'board'
        ? html`<button class="quiet" aria-pressed=${turning ? 'true' : 'false'} @click=${act.turn}>
            ${icons.flip}${turning ? 'Board turns' : 'Board stays'}
          </button>`
        : nothing
    }
    ${
      kind === 'peer'
        ? html`<button class="quiet" @click=${act.downloadSigned}>${icons.save}Signed game</button>`
        : nothing
    }
    ${directSwitch(table, act)} ${leavingLinks(table, act)}
  </div>`;
}
