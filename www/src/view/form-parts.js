// The pieces that the forms share: rows of choices, the colour, the start position, the buttons at the end.

import { html, nothing } from 'lit/html.js';
import { colourName } from '../words/words.js';

/**
 * @import { Colour } from '@rookery/peer'
 * @import { StartFields } from '../dialog-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {Colour | 'random'} chosen
 * @param {Controller} act
 */
export function colourField(chosen, act) {
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
export const choice = (group, value, label, checked, choose) =>
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
export const footer = (action, busy, error, act) => html`
  <div class="dialog-foot">
    <p class="field-error" id="dialog-error" role="alert">${error}</p>
    <div class="dialog-actions">
      <button type="button" @click=${act.closeDialog}>Cancel</button>
      <button class="primary" ?disabled=${busy} aria-busy=${busy ? 'true' : 'false'}>
        ${action}
      </button>
    </div>
  </div>
`;

/** @param {InputEvent} event */
export const valueOf = (event) => /** @type {HTMLInputElement} */ (event.currentTarget).value;

/**
 * What was typed is taken when the field is left, and stands there as it was taken. Until then no drawing disturbs it.
 *
 * @param {(text: string) => string} take
 */
export const keepClean = (take) => (/** @type {Event} */ event) => {
  const field = /** @type {HTMLInputElement} */ (event.currentTarget);
  field.value = take(field.value);
};

/** @type {readonly { start: StartFields['start'], name: string }[]} */
const STARTS = [
  { start: 'standard', name: 'Standard' },
  { start: 'chess960', name: 'Chess960' },
  { start: 'position', name: 'Position' },
];

/**
 * @param {StartFields & { error: string }} form
 * @param {Controller} act
 */
export const startField = ({ start, number, fen, error }, act) =>
  html`<fieldset>
    <legend>Start</legend>
    <div class="choices three">
      ${STARTS.map((one) =>
        choice('start', one.start, one.name, start === one.start, () =>
          act.changeForm({ start: one.start }),
        ),
      )}
    </div>
    ${
      start === 'chess960'
        ? html`<label class="below">
            Number, 0 to 959
            <input
              inputmode="numeric"
              autocomplete="off"
              maxlength="3"
              placeholder="Drawn by lot"
              .value=${number}
              aria-describedby="dialog-error"
              @input=${(/** @type {InputEvent} */ event) => act.changeForm({ number: valueOf(event) })}
            />
          </label>`
        : nothing
    }
    ${
      start === 'position'
        ? html`<label class="below">
            Position (FEN)
            <input
              autocomplete="off"
              spellcheck="false"
              .value=${fen}
              aria-invalid=${error ? 'true' : 'false'}
              aria-describedby="dialog-error"
              @input=${(/** @type {InputEvent} */ event) => act.changeForm({ fen: valueOf(event) })}
            />
          </label>`
        : nothing
    }
  </fieldset>`;

/**
 * @param {unknown} label
 * @param {boolean} checked
 * @param {(checked: boolean) => void} change
 */
export const switchField = (label, checked, change) =>
  html`<label class="switch">
    <input
      type="checkbox"
      .checked=${checked}
      @change=${(/** @type {Event} */ event) =>
        change(/** @type {HTMLInputElement} */ (event.currentTarget).checked)}
    />
    <span>${label}</span>
  </label>`;
