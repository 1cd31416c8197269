// The two forms that start a game. The browser's own dialog keeps focus inside and closes on Escape.

import { html, nothing } from 'lit/html.js';
import { ref } from 'lit/directives/ref.js';
import { clockLabel, PRESETS } from '../clock.js';
import { colourName } from '../words.js';

/**
 * @import { Colour } from '@rookery/peer'
 * @import { AppState, ComputerForm, CreateForm } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

/** @param {Element | undefined} element */
function showModal(element) {
  if (!(element instanceof HTMLDialogElement) || element.open) return;
  queueMicrotask(() => {
    if (element.isConnected && !element.open) element.showModal();
  });
}

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function dialogView(state, act) {
  const { dialog } = state;
  if (!dialog) return nothing;
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    void (dialog.kind === 'computer' ? act.startComputer() : act.createGame());
  };
  return html`<dialog
    class="dialog"
    aria-labelledby="dialog-title"
    ${ref(showModal)}
    @close=${act.closeDialog}
    @click=${(/** @type {MouseEvent} */ event) => {
      if (event.target === event.currentTarget) act.closeDialog();
    }}
  >
    <form @submit=${submit}>
      ${dialog.kind === 'computer' ? computerForm(dialog, state, act) : createForm(dialog, act)}
    </form>
  </dialog>`;
}

/**
 * @param {ComputerForm} form
 * @param {AppState} state
 * @param {Controller} act
 */
function computerForm(form, { levels }, act) {
  const name = levels.find(({ level }) => level === form.level)?.name ?? '';
  return html`
    <h2 id="dialog-title">Play the computer</h2>
    <fieldset>
      <legend>Level</legend>
      <div class="choices levels">
        ${[1, 2, 3, 4, 5, 6, 7, 8].map((level) =>
          choice('level', String(level), String(level), form.level === level, () =>
            act.changeForm({ level }),
          ),
        )}
      </div>
      <p class="hint" aria-live="polite">Level ${form.level}${name ? `: ${name}` : ''}</p>
    </fieldset>
    ${colourField(form.colour, act)}
    <details class="optional" ?open=${form.fen !== ''}>
      <summary>Start from a position</summary>
      <label for="fen">Position (FEN)</label>
      <input
        id="fen"
        autocomplete="off"
        spellcheck="false"
        placeholder="The usual start"
        .value=${form.fen}
        aria-invalid=${form.error ? 'true' : 'false'}
        aria-describedby="dialog-error"
        @input=${(/** @type {InputEvent} */ event) => act.changeForm({ fen: valueOf(event) })}
      />
    </details>
    ${footer('Start', false, form.error, act)}
  `;
}

/**
 * @param {CreateForm} form
 * @param {Controller} act
 */
function createForm(form, act) {
  return html`
    <h2 id="dialog-title">Create a game</h2>
    <fieldset>
      <legend>Time</legend>
      <div class="choices presets">
        ${PRESETS.map(({ id, clock }) =>
          choice('preset', id, clockLabel(clock), form.preset === id, () =>
            act.changeForm({ preset: id }),
          ),
        )}
        ${choice('preset', 'custom', 'Custom', form.preset === 'custom', () =>
          act.changeForm({ preset: 'custom' }),
        )}
      </div>
      <div class="custom-time" data-chosen=${form.preset === 'custom' ? 'true' : 'false'}>
        <label>
          Minutes each
          <input
            inputmode="decimal"
            .value=${form.minutes}
            @input=${(/** @type {InputEvent} */ event) => act.changeForm({ preset: 'custom', minutes: valueOf(event) })}
          />
        </label>
        <label>
          Seconds added
          <input
            inputmode="numeric"
            .value=${form.increment}
            @input=${(/** @type {InputEvent} */ event) =>
              act.changeForm({ preset: 'custom', increment: valueOf(event) })}
          />
        </label>
      </div>
    </fieldset>
    ${colourField(form.colour, act)}
    <fieldset>
      <legend>Who may join</legend>
      <div class="choices two">
        ${choice('listed', 'link', 'Anyone with the link', !form.listed, () =>
          act.changeForm({ listed: false }),
        )}
        ${choice('listed', 'lobby', 'Anyone in the lobby', form.listed, () =>
          act.changeForm({ listed: true }),
        )}
      </div>
    </fieldset>
    <label class="switch">
      <input
        type="checkbox"
        .checked=${form.takebacks}
        @change=${(/** @type {Event} */ event) =>
          act.changeForm({
            takebacks: /** @type {HTMLInputElement} */ (event.currentTarget).checked,
          })}
      />
      Takebacks may be asked for
    </label>
    ${footer('Create', form.busy, form.error, act)}
  `;
}

/**
 * @param {Colour | 'random'} chosen
 * @param {Controller} act
 */
function colourField(chosen, act) {
  /** @type {(Colour | 'random')[]} */
  const colours = ['white', 'random', 'black'];
  return html`<fieldset>
    <legend>Your colour</legend>
    <div class="choices colours">
      ${colours.map((colour) =>
        choice(
          'colour',
          colour,
          html`<span class="disc" data-colour=${colour === 'random' ? 'both' : colour}></span>
            ${colour === 'random' ? 'Random' : colourName(colour)}`,
          chosen === colour,
          () => act.changeForm({ colour }),
        ),
      )}
    </div>
  </fieldset>`;
}

/**
 * @param {string} group
 * @param {string} value
 * @param {unknown} label
 * @param {boolean} checked
 * @param {() => void} choose
 */
const choice = (group, value, label, checked, choose) =>
  html`<label class="choice">
    <input type="radio" name=${group} value=${value} .checked=${checked} @change=${choose} />
    <span>${label}</span>
  </label>`;

/**
 * @param {string} action
 * @param {boolean} busy
 * @param {string} error
 * @param {Controller} act
 */
const footer = (action, busy, error, act) => html`
  <p class="field-error" id="dialog-error" role="alert">${error}</p>
  <div class="dialog-actions">
    <button type="button" @click=${act.closeDialog}>Cancel</button>
    <button class="primary" ?disabled=${busy} aria-busy=${busy ? 'true' : 'false'}>
      ${action}
    </button>
  </div>
`;

/** @param {InputEvent} event */
const valueOf = (event) => /** @type {HTMLInputElement} */ (event.currentTarget).value;
