// Below the actions: the move field while the game runs, the engine's lines after it.

import { html, nothing } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import { isDue } from './backup-form.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * The move field while the game runs; the engine's lines after it.
 *
 * @param {AppState} state
 * @param {Table} table
 * @param {Controller} act
 * @param {boolean} [typing] False where moves are typed elsewhere.
 */
export function tailView(state, table, act, typing = true) {
  const game = /** @type {GameState} */ (table.game);
  if (!typing && game.phase !== 'over') return nothing;
  if (game.phase === 'over' || game.you === null) {
    const due = table.kind === 'peer' && !table.analysis && isDue(state);
    return due ? reminderView(act) : analysisView(table);
  }
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    act.submitMove();
  };
  return html`<form class="tail" @submit=${submit}>
    <div class="inline-form">
      <label for="move">Move</label>
      <input
        id="move"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        enterkeyhint="send"
        placeholder="Nf3 or g1f3"
        maxlength="12"
        .value=${live(table.moveText)}
        aria-invalid=${table.moveError ? 'true' : 'false'}
        aria-describedby="move-error"
        @input=${(/** @type {InputEvent} */ event) =>
          act.typeMove(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.key === 'Escape') act.cancelPlans();
        }}
      />
      <button>Play</button>
      ${
        table.kind === 'computer'
          ? html`<button
              type="button"
              ?disabled=${!game.can.move || table.hinting}
              aria-busy=${table.hinting ? 'true' : 'false'}
              @click=${act.hint}
            >
              Hint
            </button>`
          : nothing
      }
    </div>
    <p class="field-error" id="move-error" role="alert">${table.moveError}</p>
  </form>`;
}

/**
 * After the first game with somebody.
 *
 * @param {Controller} act
 */
const reminderView = (act) =>
  html`<div class="tail tail-reminder">
    <p>Your key lies only in this browser. A backup lets you go on as the same player elsewhere.</p>
    <button @click=${act.openBackupForm}>Back up…</button>
    <button class="quiet" @click=${act.remindLater}>Later</button>
  </div>`;

const ANALYSE = 'Analyse shows the engine’s best lines for any position.';
const NEXT = 'Their next game is known here if it began in the lobby; any other needs its link.';

/** @param {Table} table */
function analysisView({ analysis, game, kind }) {
  if (!analysis) {
    const watched = kind === 'peer' && game?.you === null;
    return html`<p class="tail muted">
      ${game?.phase === 'over' ? (watched ? NEXT : ANALYSE) : ''}
    </p>`;
  }
  return html`<div class="tail analysis">
    <p class="muted">
      ${analysis.error || (analysis.depth > 0 ? `Depth ${analysis.depth}` : 'The engine is looking…')}
    </p>
    <div class="lines">
      ${analysis.lines.map(
        ({ score, san }) =>
          html`<p class="line"><b class="tabular">${score}</b><span>${san}</span></p>`,
      )}
    </div>
  </div>`;
}
