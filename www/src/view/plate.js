// A player's plate above or below the board: who it is, whether they are here, material, clock.

import { html, nothing } from 'lit/html.js';
import { shown } from '../table/table-state.js';
import { clockFace, clockSpoken, LOW_MS } from '../table/clock.js';
import { material, opposite } from '../chess/rules.js';
import { startWords } from '../chess/start-position.js';
import { isBlocked, nameOf } from '../people/people.js';
import { colourName, presenceWords, shortKey } from '../words/words.js';

/**
 * @import { Colour, GameState, PlayerKey } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 * @import { Table } from '../table/table-state.js'
 */

/**
 * @param {Table} table Ready: it has a game.
 * @param {Colour} colour
 * @param {AppState} state
 * @param {Controller} act
 */
export function plateView(table, colour, state, act) {
  const game = /** @type {GameState} */ (table.game);
  const { name, note, key } = whoIs(table, colour, state);
  const active = game.phase === 'playing' && game.turn === colour;
  const surplus = material(shown(table).fen);
  const lead = colour === 'white' ? surplus.lead : -surplus.lead;
  const text = html`<span class="plate-name"
      ><bdi>${name}</bdi><span class="hidden">, ${colourName(colour)}</span></span
    >
    <small>${note}</small>`;
  return html`
    <div class="plate" data-colour=${colour} data-active=${active ? 'true' : 'false'}>
      <span class="disc" data-colour=${colour} aria-hidden="true"></span>
      ${
        key
          ? html`<button
              class="plate-text plate-who"
              title="More about this player"
              @click=${() => act.openPerson(key)}
            >
              ${text}
            </button>`
          : html`<span class="plate-text">${text}</span>`
      }
      <span class="surplus cg-wrap" aria-hidden="true">
        ${surplus[colour].map((piece) => html`<piece class=${`${piece} ${opposite(colour)}`}></piece>`)}
        ${lead > 0 ? html`<b>+${lead}</b>` : nothing}
      </span>
      ${clockView(table, colour)}
    </div>
  `;
}

/**
 * @param {Table} table
 * @param {Colour} colour
 */
function clockView({ clocks, game }, colour) {
  const ms = colour === 'white' ? clocks.whiteMs : clocks.blackMs;
  if (ms === null) return nothing;
  const running = clocks.running === colour;
  const urgent = game?.clock.kind === 'live' && ms < LOW_MS;
  return html`<span
    class="clock"
    role="timer"
    aria-label=${`${colourName(colour)}: ${clockSpoken(ms)}`}
    data-running=${running ? 'true' : 'false'}
    data-urgent=${urgent ? 'true' : 'false'}
    >${clockFace(ms)}</span
  >`;
}

/**
 * @param {Table} table
 * @param {Colour} colour
 * @param {AppState} state
 * @returns {{ name: string, note: string, key?: PlayerKey }} The key of somebody else.
 */
function whoIs({ kind, game, computer, origin }, colour, { peer, people }) {
  if (!game) return { name: '', note: '' };
  if (origin) {
    return colour === 'white'
      ? { name: origin.white, note: origin.whiteNote }
      : { name: origin.black, note: origin.blackNote };
  }
  if (kind === 'board') return { name: colourName(colour), note: startWords(game) };
  if (computer !== null) {
    return game.you === colour
      ? { name: 'You', note: colourName(colour) }
      : { name: 'Computer', note: computer };
  }
  const key = game[colour];
  if (!key) return { name: colourName(colour), note: 'Not drawn yet' };
  if (key === peer.player)
    return { name: people.own || 'You', note: people.own ? 'You' : shortKey(key) };
  const presence = game.phase === 'playing' ? presenceWords(game.present[colour]) : '';
  const blocked = isBlocked(people, key) ? 'Blocked' : '';
  return { key, name: nameOf(people, key), note: blocked || presence || colourName(colour) };
}
