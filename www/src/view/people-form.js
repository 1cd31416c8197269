// The people this device knows: the own name and key, contacts, and who is blocked.

import { html, nothing } from 'lit/html.js';
import { MAX_NAME, peopleWho } from '../people/people.js';
import { icons } from './icons.js';
import { keepClean } from './form-parts.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 * @import { PeopleForm } from '../dialog-state.js'
 */

/**
 * @param {PeopleForm} form
 * @param {AppState} state
 * @param {Controller} act
 */
export function peopleView({ error }, { people, peer }, act) {
  const contacts = peopleWho(people, ({ contact }) => contact);
  const blocked = peopleWho(people, (one) => one.blocked);
  const add = (/** @type {Event} */ event) => {
    const field = /** @type {HTMLInputElement} */ (
      /** @type {HTMLElement} */ (event.currentTarget).parentElement?.querySelector('input')
    );
    act.addContact(field.value);
    if (!error) field.focus();
  };
  return html`
    <h2 id="dialog-title">People</h2>
    <fieldset>
      <legend>You</legend>
      <label class="below">
        Your name
        <input
          autocomplete="nickname"
          spellcheck="false"
          maxlength=${2 * MAX_NAME}
          placeholder="No name"
          .value=${people.own}
          @change=${keepClean(act.changeOwnName)}
        />
      </label>
      <p class="hint">Whom you play with sees it beside your key. At most ${MAX_NAME} letters.</p>
      ${
        peer.player
          ? html`<div class="key-row">
              <code aria-label="Your key">${peer.player}</code>
              <button type="button" @click=${() => act.copy(peer.player ?? '', 'Key')}>
                ${icons.copy}Copy key
              </button>
            </div>`
          : nothing
      }
    </fieldset>
    <fieldset>
      <legend>Contacts</legend>
      ${
        contacts.length > 0
          ? html`<ul class="rows" role="list">
              ${contacts.map(
                ({ key, name }) =>
                  html`<li class="row">
                    <span class="row-text"
                      ><strong><bdi>${name}</bdi></strong></span
                    >
                    <button
                      type="button"
                      class="primary"
                      aria-label=${`Invite ${name}`}
                      ?disabled=${!peer.writer}
                      @click=${() => act.invite(key)}
                    >
                      Invite
                    </button>
                    <button
                      type="button"
                      aria-label=${`Edit ${name}`}
                      @click=${() => act.openPerson(key)}
                    >
                      Edit
                    </button>
                  </li>`,
              )}
            </ul>`
          : html`<p class="hint">
              Nobody yet. In a game press the other player’s name, or paste a key.
            </p>`
      }
      <div class="inline-form">
        <label class="hidden" for="contact-key">Key of a person</label>
        <input
          id="contact-key"
          autocomplete="off"
          spellcheck="false"
          placeholder="Paste a key"
          aria-invalid=${error ? 'true' : 'false'}
          aria-describedby="people-error"
          @keydown=${(/** @type {KeyboardEvent} */ event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add(event);
          }}
        />
        <button type="button" @click=${add}>Add</button>
      </div>
      <p class="field-error" id="people-error" role="alert">${error}</p>
    </fieldset>
    ${
      blocked.length > 0
        ? html`<fieldset>
            <legend>Blocked</legend>
            <ul class="rows" role="list">
              ${blocked.map(
                ({ key, name }) =>
                  html`<li class="row">
                    <span class="row-text"
                      ><strong><bdi>${name}</bdi></strong></span
                    >
                    <button
                      type="button"
                      aria-label=${`Unblock ${name}`}
                      @click=${() => act.block(key, false)}
                    >
                      Unblock
                    </button>
                  </li>`,
              )}
            </ul>
          </fieldset>`
        : nothing
    }
    <div class="dialog-foot">
      <div class="dialog-actions"><button class="primary">Done</button></div>
    </div>
  `;
}
