// The game for those who listen: first the field for moves and commands, then what happened, to be read again. The board follows.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { live } from 'lit/directives/live.js';
import { standing } from '../words/answers.js';
import { HELP } from '../words/commands.js';
import { playerWords } from '../table/players.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 * @import { Table } from '../table/table-state.js'
 */

/** Lines that can be read again here. */
const READ_AGAIN = 12;

/**
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 * @param {Controller} act
 */
export function listeningView(state, table, act) {
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    act.submitTyped();
  };
  const said = state.announcements.slice(-READ_AGAIN).reverse();
  return html`<section class="listening card" aria-label="Play by typing">
    <p class="listening-now"><b>${standing(table)}</b> ${playerWords(state, table)}</p>
    <form class="inline-form" @submit=${submit}>
      <label for="move">Move</label>
      <input
        id="move"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        enterkeyhint="send"
        maxlength="500"
        .value=${live(table.moveText)}
        aria-invalid=${table.moveError ? 'true' : 'false'}
        aria-describedby="move-hint move-error"
        @input=${(/** @type {InputEvent} */ event) =>
          act.typeMove(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
        @keydown=${(/** @type {KeyboardEvent} */ event) => {
          if (event.key === 'Escape') act.cancelPlans();
        }}
      />
      <button>Send</button>
    </form>
    <p class="field-error" id="move-error" role="alert">${table.moveError}</p>
    <p class="hint" id="move-hint">
      A move such as Nf3 or g1f3, or a command; help tells them all.
    </p>
    ${guard(
      [said[0]?.id],
      () =>
        html`<h2>What was said</h2>
          <ol
            class="listening-said"
            role="list"
            tabindex="0"
            aria-label="What was said, the newest first"
          >
            ${said.length > 0 ? said.map(({ words }) => html`<li>${words}</li>`) : nothing}
          </ol>`,
    )}
    <details>
      <summary>Commands</summary>
      <dl class="commands">
        ${HELP.map(
          ([typed, what]) =>
            html`<div>
              <dt>${typed}</dt>
              <dd>${what}</dd>
            </div>`,
        )}
      </dl>
    </details>
  </section>`;
}
