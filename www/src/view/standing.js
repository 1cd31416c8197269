// Why the clock of a game stands, in plain words. The same was said when it began, so this is no live region.

import { html, nothing } from 'lit/html.js';
import { leavingWords } from '../table/leaving.js';
import { standing } from '../table/standing.js';

/** @import { Table } from '../table/table-state.js' */

/** @param {Table} table */
export function standingView({ kind, game }) {
  const now = kind === 'peer' && game ? standing(game) : null;
  // The move itself takes a moment, and leaving the clock has its own words: the line above the moves says it.
  if (!now || !game || game.home === 'moving' || leavingWords(game)) return nothing;
  return html`<section class="standing" aria-labelledby="standing-title">
    <h2 id="standing-title">${now.title}</h2>
    <p>${now.words}</p>
  </section>`;
}
