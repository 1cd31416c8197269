// One person: what they call themselves, what they are called here, and whether they are a contact or blocked.

import { html } from 'lit/html.js';
import { borrowed, MAX_NAME, nameOf, person } from '../people/people.js';
import { keepClean, switchField } from './form-parts.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 * @import { PersonForm } from '../dialog-state.js'
 */

/**
 * @param {PersonForm} form
 * @param {AppState} state
 * @param {Controller} act
 */
export function personView({ key }, { people, peer }, act) {
  const { claimed, petname, contact, blocked } = person(people, key);
  const says = !claimed
    ? 'They gave themselves no name.'
    : borrowed(people, key, claimed)
      ? 'They took a name that looks like somebody else’s whom you know; it is not shown.'
      : html`They call themselves <bdi>${claimed}</bdi>. Anybody can take any name; the key is
          theirs alone.`;
  return html`
    <h2 id="dialog-title"><bdi>${nameOf(people, key)}</bdi></h2>
    <p class="lead">${says}</p>
    <label>
      Your name for them
      <input
        autocomplete="off"
        spellcheck="false"
        maxlength=${2 * MAX_NAME}
        placeholder="None"
        .value=${petname}
        @change=${keepClean((text) => act.namePerson(key, text))}
      />
      <small class="muted">Only you see it.</small>
    </label>
    <div class="key-row">
      <code aria-label="Key">${key}</code>
      <button type="button" @click=${() => act.copy(key, 'Key')}>Copy key</button>
    </div>
    <div>
      ${switchField('Contact', contact, (on) =>
        act.changePerson(key, { contact: on, blocked: blocked && !on, seenMs: Date.now() }),
      )}
      ${switchField('Blocked: their games, lines and offers are not shown', blocked, (on) => act.block(key, on))}
    </div>
    <div class="dialog-foot">
      <div class="dialog-actions">
        <button type="button" ?disabled=${blocked || !peer.writer} @click=${() => act.invite(key)}>
          Invite to a game
        </button>
        <button class="primary">Done</button>
      </div>
    </div>
  `;
}
