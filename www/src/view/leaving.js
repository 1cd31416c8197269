// Going on without the clock: offered where the clock stands, or by a quiet button at any time; answered in one click.

import { html, nothing } from 'lit/html.js';
import { routeHash } from '../route.js';
import { leavingWords } from '../table/leaving.js';
import { clockStands } from '../table/standing.js';
import { icons } from './icons.js';

/**
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

const OFFER = 'Go on without the clock';

/** @param {string} id */
const toGame = (id) => routeHash({ screen: 'game', id, relay: null });

/**
 * @param {Table} table
 * @param {Controller} act
 */
export function leavingView({ kind, game }, act) {
  if (kind !== 'peer' || !game) return nothing;
  const words = leavingWords(game);
  if (!words) {
    // While it is being moved to another relay there is nothing to decide.
    if (!game.can.leaveClock || !clockStands(game) || game.home === 'moving') return nothing;
    return html`<section class="direct" aria-label="Without the clock">
      <p class="hint">
        Where you can still reach each other, you may go on from here without a clock.
      </p>
      <div class="direct-actions"><button @click=${act.leaveClock}>${OFFER}</button></div>
    </section>`;
  }
  return html`<section class="standing" aria-labelledby="leaving-title">
    <h2 id="leaving-title">${words.title}</h2>
    <p>${words.words}</p>
    <div class="direct-actions">
      ${
        game.goesOnIn
          ? html`<a class="button" href=${toGame(game.goesOnIn)}>Open that game</a>`
          : game.leaving === 'asked'
            ? html`<button class="primary" @click=${act.leaveClock}>${OFFER}</button>
                <button @click=${act.decline}>Keep the clock</button>`
            : html`<button @click=${act.decline}>Take it back</button>`
      }
    </div>
  </section>`;
}

/**
 * At any other time: a quiet way to offer it, and the way back to the game with the clock.
 *
 * @param {Table} table
 * @param {Controller} act
 */
export function leavingLinks({ kind, game }, act) {
  if (kind !== 'peer' || !game) return nothing;
  const offer = game.can.leaveClock && game.leaving === 'none' && !clockStands(game);
  return html`${
    offer
      ? html`<button class="quiet" @click=${act.leaveClock}>${icons.forward}${OFFER}</button>`
      : nothing
  }${
    game.goesOnFrom
      ? html`<a class="button quiet" href=${toGame(game.goesOnFrom)}>The game with the clock</a>`
      : nothing
  }`;
}
