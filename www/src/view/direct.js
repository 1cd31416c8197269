// Whether the two devices may find each other: asked with a stranger from the lobby, and always open to another answer.

import { html, nothing } from 'lit/html.js';
import { icons } from './icons.js';

/**
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

const REASON =
  'Moves then go straight from device to device, and an untimed game goes on when the relay fails. ' +
  'Your opponent’s device sees your network address.';

/** @param {Table} table */
const answer = ({ game, kind }) =>
  kind === 'peer' && game?.phase === 'playing' ? game.direct : 'none';

/**
 * Asked once, before the two devices meet.
 *
 * @param {Table} table
 * @param {Controller} act
 */
export function directQuestion(table, act) {
  if (answer(table) !== 'ask') return nothing;
  return html`<section class="direct" aria-labelledby="direct-title">
    <h2 id="direct-title">Connect directly to your opponent?</h2>
    <p class="hint">${REASON}</p>
    <div class="direct-actions">
      <button class="primary" @click=${() => act.allowDirect(true)}>Connect directly</button>
      <button @click=${() => act.allowDirect(false)}>Only by the relay</button>
    </div>
  </section>`;
}

/**
 * Where it was answered, or needed no question.
 *
 * @param {Table} table
 * @param {Controller} act
 */
export function directSwitch(table, act) {
  const now = answer(table);
  if (now !== 'allowed' && now !== 'refused') return nothing;
  const allowed = now === 'allowed';
  return html`<button
    class="quiet"
    aria-pressed=${allowed ? 'true' : 'false'}
    title=${REASON}
    @click=${() => act.allowDirect(!allowed)}
  >
    ${icons.direct}Direct connection
  </button>`;
}
