// One key on two devices: where another one plays the game, it can be taken over here, and the page says what that needs.

import { html, nothing } from 'lit/html.js';

/**
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {Table} table
 * @param {boolean} writer Whether this tab may sign.
 * @param {Controller} act
 */
export function deviceView({ kind, game }, writer, act) {
  if (kind !== 'peer' || !game || game.phase !== 'playing' || game.device === 'here')
    return nothing;
  if (game.device === 'unheard') {
    return html`<section class="standing" aria-labelledby="device-title">
      <h2 id="device-title">Not caught up yet</h2>
      <p>
        Your other device may have moved. This one signs nothing until the relay or your opponent
        has told how the game stands.
      </p>
    </section>`;
  }
  return html`<section class="standing" aria-labelledby="device-title">
    <h2 id="device-title">You play this on another device</h2>
    <p>
      It has your key too. Play on one of them at a time: two moves for one place lose the game.
    </p>
    <div class="direct-actions">
      <button ?disabled=${!writer} @click=${act.takeUp}>Play it here</button>
    </div>
  </section>`;
}
