// The form for a game with somebody else: its time, colours, start, and who may join.

import { html, nothing } from 'lit/html.js';
import { clockLabel, PRESETS } from '../table/clock.js';
import { nameOf } from '../people/people.js';
import { latencyWords } from '../words/words.js';
import { choice, colourField, footer, startField, switchField, valueOf } from './form-parts.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { CreateForm } from '../dialog-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {CreateForm} form
 * @param {AppState} state
 * @param {Controller} act
 */
export function createFormView(form, { peer, people }, act) {
  return html`
    <h2 id="dialog-title">Create a game</h2>
    ${
      form.opponent
        ? html`<p class="lead">
            For <bdi>${nameOf(people, form.opponent)}</bdi> alone: nobody else can take the seat.
          </p>`
        : nothing
    }
    <fieldset>
      <legend>Time</legend>
      <div class="choices presets">
        ${PRESETS.map(({ id, clock, name }) =>
          choice('preset', id, clock ? clockLabel(clock) : name, form.preset === id, () =>
            act.changeForm({ preset: id }),
          ),
        )}
      </div>
      ${timeFields(form, act)}
      <p class="hint">${latencyWords(peer.connection.rttMs)}</p>
    </fieldset>
    ${colourField(form.colour, act)} ${startField(form, act)}
    ${form.opponent ? nothing : whoField(form, act)}
    ${switchField('Takebacks may be asked for', form.takebacks, (takebacks) =>
      act.changeForm({ takebacks }),
    )}
    ${footer('Create', form.busy, form.error, act)}
  `;
}

/**
 * The numbers behind “Custom” and “Days”. Both take the same room.
 *
 * @param {CreateForm} form
 * @param {Controller} act
 */
function timeFields({ preset, minutes, increment, days }, act) {
  if (preset === 'days') {
    return html`<div class="custom-time" data-chosen="true">
      <label>
        Days for each move
        <input
          inputmode="numeric"
          .value=${days}
          @input=${(/** @type {InputEvent} */ event) => act.changeForm({ days: valueOf(event) })}
        />
      </label>
    </div>`;
  }
  return html`<div class="custom-time" data-chosen=${preset === 'custom' ? 'true' : 'false'}>
    <label>
      Minutes each
      <input
        inputmode="decimal"
        .value=${minutes}
        @input=${(/** @type {InputEvent} */ event) =>
          act.changeForm({ preset: 'custom', minutes: valueOf(event) })}
      />
    </label>
    <label>
      Seconds added
      <input
        inputmode="numeric"
        .value=${increment}
        @input=${(/** @type {InputEvent} */ event) =>
          act.changeForm({ preset: 'custom', increment: valueOf(event) })}
      />
    </label>
  </div>`;
}

/**
 * @param {CreateForm} form
 * @param {Controller} act
 */
function whoField({ listed }, act) {
  return html`<fieldset>
    <legend>Who may join</legend>
    <div class="choices two">
      ${choice('listed', 'link', 'Anyone with the link', !listed, () =>
        act.changeForm({ listed: false }),
      )}
      ${choice('listed', 'lobby', 'Anyone in the lobby', listed, () =>
        act.changeForm({ listed: true }),
      )}
    </div>
    <p class="hint">
      ${
        listed
          ? 'Whoever is at this relay may join, and watch the game.'
          : 'Only who has the link can join or watch.'
      }
    </p>
  </fieldset>`;
}
