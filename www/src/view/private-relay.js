// A private relay asks for the word that its host gave: on every screen, for without it nobody is in reach.

import { html, nothing } from 'lit/html.js';
import { keyed } from 'lit/directives/keyed.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function privateRelayView({ peer, dialog }, act) {
  const asking = dialog ? null : peer.connection.token;
  const open = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    act.openRelay(String(new FormData(form).get('word') ?? ''));
  };
  return html`<div class="update" role="status" data-shown=${asking ? 'true' : 'false'}>
    ${
      asking
        ? html`<div class="private-relay">
            <p id="relay-words">${peer.connection.words}</p>
            ${keyed(
              asking.relay + asking.state,
              html`<form class="inline-form" @submit=${open}>
                <label class="hidden" for="relay-word">Word of the relay</label>
                <input
                  id="relay-word"
                  name="word"
                  autocomplete="off"
                  autocapitalize="none"
                  spellcheck="false"
                  maxlength="140"
                  aria-invalid=${asking.state === 'wrong' ? 'true' : 'false'}
                  aria-describedby="relay-words"
                />
                <button class="primary">Open relay</button>
              </form>`,
            )}
          </div>`
        : nothing
    }
  </div>`;
}
