// For who plays with a screen reader: the mode, and how squares are called.

import { html } from 'lit/html.js';
import { choice, switchField } from './form-parts.js';

/**
 * @import { Controller } from '../controller.js'
 * @import { Settings } from '../device/settings.js'
 */

/** @type {readonly { squares: Settings['squares'], name: string }[]} */
const WAYS = [
  { squares: 'plain', name: 'e4' },
  { squares: 'nato', name: 'echo 4' },
  { squares: 'anna', name: 'eva 4' },
];

/**
 * @param {Settings} settings
 * @param {Controller} act
 */
export const listeningFields = (settings, act) => html`
  <fieldset>
    <legend>For screen readers</legend>
    ${switchField('Screen-reader mode: type moves and commands, hear what happens', settings.screenReader, act.listen)}
    <div class="choices three" role="radiogroup" aria-label="Squares are called">
      ${WAYS.map(({ squares, name }) =>
        choice('squares', squares, name, settings.squares === squares, () =>
          act.changeSettings({ squares }),
        ),
      )}
    </div>
    <p class="hint">How squares are called aloud.</p>
  </fieldset>
`;
