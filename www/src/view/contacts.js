// Contacts on the first screen: each is one press away from a game.

import { html } from 'lit/html.js';
import { peopleWho } from '../people/people.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

/** Contacts that are listed here; the dialog has them all. */
const SHOWN = 6;

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function contactsView({ people, peer }, act) {
  const contacts = peopleWho(people, ({ contact }) => contact);
  return html`
    <section class="card" aria-labelledby="people-title" data-people>
      <div class="card-head">
        <h2 id="people-title">People</h2>
        <button class="quiet" @click=${act.openPeople}>Names and contacts</button>
      </div>
      ${
        contacts.length > 0
          ? html`<ul class="rows" role="list">
              ${contacts.slice(0, SHOWN).map(
                ({ key, name }) =>
                  html`<li class="row">
                    <span class="row-text"
                      ><strong><bdi>${name}</bdi></strong></span
                    >
                    <button
                      aria-label=${`Invite ${name}`}
                      ?disabled=${!peer.writer || peer.status === 'failed' || peer.connection.noRelay}
                      @click=${() => act.invite(key)}
                    >
                      Invite
                    </button>
                  </li>`,
              )}
            </ul>`
          : html`<p class="empty">Take a name, and keep the people you play with as contacts.</p>`
      }
    </section>
  `;
}
