// The two lines above the moves: what matters most, and what helps. Both are always there, so nothing jumps.

import { html, nothing } from 'lit/html.js';
import { absenceWords, opponentGone } from '../table/absence.js';
import { clockFace } from '../table/clock.js';
import { spokenSan } from '../chess/notation.js';
import { blockedOpponent, blockedWords } from '../table/players.js';
import { standing } from '../table/standing.js';
import { imagined, reader } from '../table/table-state.js';
import {
  colourName,
  resultTitle,
  resultWords,
  roundTrip,
  takenBack,
  turnWords,
} from '../words/words.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * One line that matters most, one that helps. Both are always there, so nothing jumps.
 *
 * @param {AppState} state
 * @param {Table} table
 * @param {Controller} act
 */
export function statusView(state, table, act) {
  const game = /** @type {GameState} */ (table.game);
  const { draw, takeback } = game.offers;
  const side = sideWords(table, state);
  const asked = (draw && draw !== game.you) || (takeback && takeback.by !== game.you);
  return html`
    <div
      class="status"
      data-absent=${table.kind === 'peer' && opponentGone(game) ? 'true' : 'false'}
      data-over=${game.result ? 'true' : 'false'}
    >
      <p class="status-main">${mainWords(table)}</p>
      <p class="status-side" title=${side}>${side}</p>
      ${
        asked && game.you
          ? html`<button class="quiet" @click=${act.decline}>Decline</button>`
          : table.rematch.theirs
            ? html`<button class="quiet" @click=${act.declineRematch}>Decline</button>`
            : table.premoves.length > 0
              ? html`<button class="quiet" @click=${act.cancelPlans}>
                  Cancel<span class="hidden"> premoves</span>
                </button>`
              : nothing
      }
    </div>
  `;
}

/** @param {Table} table */
function mainWords(table) {
  const { game, thinking } = table;
  if (!game) return '';
  if (table.origin && game.result?.outcome === '*') {
    return game.moves.length > 0 ? 'A game without a result' : 'A position';
  }
  if (game.result) return resultTitle(game.result, reader(table));
  const { draw, takeback } = game.offers;
  if (takeback && takeback.by !== game.you) return `${colourName(takeback.by)} asks for a takeback`;
  if (draw && draw !== game.you) return `${colourName(draw)} offers a draw`;
  if (table.candidate) return `Confirm ${table.candidate.san} or cancel`;
  return turnWords({ ...game, you: reader(table) }, thinking);
}

/**
 * @param {Table} table
 * @param {AppState} state
 */
function sideWords(table, { peer, people, watch }) {
  const { game, kind, clocks } = table;
  if (!game) return '';
  if (table.rematch.theirs) return 'Your opponent wants a rematch.';
  if (table.rematch.mine) return 'You offer a rematch.';
  if (table.origin) return table.origin.words;
  if (takenBack(game)) return 'The invitation was taken back.';
  if (game.result) return `${resultWords(game.result)}.`;
  const { connection } = peer;
  if (kind === 'peer') {
    if (!peer.writer && game.you) return 'Another tab plays this game; this one watches.';
    const home = standing(game);
    if (home) return home.short;
    if (connection.state !== 'connected' && game.path !== 'direct') return connection.words;
    if (connection.logBusy) return 'The relay cannot store moves right now; it keeps trying.';
    if (game.seat === 'refused') return 'Another player took the seat. You are watching.';
    if (game.you === null) return watchingWords(watch, game.id);
    const blocked = blockedOpponent(game, people) && blockedWords(game);
    if (blocked) return blocked;
  }
  const absence = kind === 'peer' ? absenceWords(game, clocks) : '';
  if (absence) return absence;
  const plans = imagined(table);
  if (plans) return `${plans.names.length > 1 ? 'Premoves' : 'Premove'}: ${plans.names.join(', ')}`;
  if (clocks.firstMoveMs !== null) return `First move within ${clockFace(clocks.firstMoveMs)}`;
  if (game.offers.draw && game.offers.draw === game.you) return 'You offer a draw.';
  if (game.offers.takeback?.by === game.you && game.you) return 'You asked for a takeback.';
  if (game.can.claimDraw) return 'You may claim a draw here.';
  if (table.hinting) return 'The engine looks for a move…';
  if (table.hint && !table.candidate)
    return `Hint: ${table.hint.san}, ${spokenSan(table.hint.san)}`;
  if (kind !== 'peer') return 'On this device, no clock';
  const lag = connection.rttMs === null ? '' : `, ${roundTrip(connection.rttMs)}`;
  return game.path === 'direct' ? 'Direct to your opponent' : `By relay${lag}`;
}

/**
 * @param {AppState['watch']} watch
 * @param {string} id
 */
function watchingWords({ games }, id) {
  const watchers = games.find(({ game }) => game === id)?.watchers ?? 0;
  const others = watchers - 1;
  if (others < 1) return 'You are watching.';
  return `You are watching, with ${others === 1 ? 'one other' : `${others} others`}.`;
}
