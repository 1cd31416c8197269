// A new version of the page waits: said on the start page, where nothing is disturbed, and in the settings at any time.

import { html, nothing } from 'lit/html.js';
import { screen } from '../app-state.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 * @import { Update } from '../device/updates.js'
 */

/** @param {Update} update */
const words = (update) =>
  update === 'elsewhere'
    ? 'A new version is ready, but another tab of Rookery is playing. Finish that game or close the tab first.'
    : 'A new version is ready.';

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function updateNotice(state, act) {
  const free = !state.dialog && !state.peer.connection.token;
  const shown = state.update !== 'none' && screen(state) === 'home' && free;
  return html`<div class="update" role="status" data-shown=${shown ? 'true' : 'false'}>
    ${
      shown
        ? html`<p>${words(state.update)}</p>
            <button class="primary" @click=${act.takeUpdate}>Reload</button>
            <button @click=${act.putOffUpdate}>Later</button>`
        : nothing
    }
  </div>`;
}

/**
 * @param {Update} update
 * @param {Controller} act
 */
export function updateField(update, act) {
  if (update === 'none') return nothing;
  return html`<fieldset>
    <legend>New version</legend>
    <p class="hint">${words(update)} Loading it takes a moment; a game goes on where it was.</p>
    <button type="button" @click=${act.takeUpdate}>Reload now</button>
  </fieldset>`;
}
