// The form for a game against the computer.

import { html } from 'lit/html.js';
import { choice, colourField, footer, startField } from './form-parts.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { ComputerForm } from '../dialog-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {ComputerForm} form
 * @param {AppState} state
 * @param {Controller} act
 */
export function computerFormView(form, { levels }, act) {
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
      <p class="hint" aria-live="polite" aria-atomic="true">
        Level ${form.level}${name ? `: ${name}` : ''}
      </p>
    </fieldset>
    ${colourField(form.colour, act)} ${startField(form, act)}
    ${footer('Start', false, form.error, act)}
  `;
}
