// The first thing that the keyboard reaches: it lays the page out to be heard, and back.

import { html } from 'lit/html.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export const listeningSwitch = ({ settings: { screenReader } }, act) =>
  html`<button
    class="skip"
    aria-pressed=${screenReader ? 'true' : 'false'}
    @click=${() => act.listen(!screenReader)}
  >
    Screen-reader mode
  </button>`;
