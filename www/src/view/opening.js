// A game that is being opened, and what stands in the way where that takes long.

import { html, nothing } from 'lit/html.js';

/** @import { AppState } from '../app-state.js' */

/** @param {AppState} state */
export function openingView({ table, peer }) {
  const others = table?.kind === 'peer';
  const { connection } = peer;
  const words = connection.state === 'connected' && table?.obstacle;
  return html`<div class="invitation">
    <section class="card wide">
      <h1 tabindex="-1">Opening the game…</h1>
      <p class="muted" role="status">${others ? words || connection.words : ''}</p>
      ${
        others && (words || connection.state === 'offline') && !connection.noRelay
          ? html`<p>
                This page keeps trying, and opens the game by itself as soon as that is possible.
              </p>
              <p><a class="button" href="#/">To the start page</a></p>`
          : nothing
      }
    </section>
  </div>`;
}
