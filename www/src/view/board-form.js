// The form for two players at one device.

import { html } from 'lit/html.js';
import { footer, startField, switchField } from './form-parts.js';

/**
 * @import { BoardForm } from '../dialog-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {BoardForm} form
 * @param {Controller} act
 */
export const boardFormView = (form, act) => html`
  <h2 id="dialog-title">Two at one board</h2>
  <p class="lead">You move for both sides and hand the device over. The game is kept here.</p>
  ${startField(form, act)}
  ${switchField('Turn the board after each move', form.turning, (turning) =>
    act.changeForm({ turning }),
  )}
  ${footer('Start', false, form.error, act)}
`;
