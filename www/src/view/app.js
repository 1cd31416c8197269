// Puts a state on the page: picks the screen, and writes the attributes that outsiders read.

import { showBadge } from '../device/badge.js';
import { countWaiting, pageTitle } from '../people/waiting-games.js';
import { html, nothing, render } from 'lit/html.js';
import { screen } from '../app-state.js';
import { orientation, reader } from '../table/table-state.js';
import { archiveView } from './archive.js';
import { announce } from './announcer.js';
import { dialogView } from './dialogs.js';
import { followFocus } from './focus.js';
import { gameView } from './game.js';
import { headerView } from './header.js';
import { openingView } from './opening.js';
import { homeView } from './home.js';
import { invitationView, waitingView } from './invitation.js';
import { privateRelayView } from './private-relay.js';
import { updateNotice } from './update-notice.js';
import { watchView } from './watch.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @typedef {object} Roots
 * @property {HTMLElement} header
 * @property {HTMLElement} main
 * @property {HTMLElement} overlay
 * @property {HTMLElement} announcer
 */

/**
 * @param {Roots} roots
 * @param {AppState} state
 * @param {Controller} act
 */
export function draw({ header, main, overlay, announcer }, state, act) {
  render(headerView(state, act), header);
  render(screenView(state, act), main);
  render(
    html`${dialogView(state, act)} ${updateNotice(state, act)} ${privateRelayView(state, act)}
      <div class="toast" role="status" data-shown=${state.toast ? 'true' : 'false'}>
        ${state.toast?.words ?? nothing}
      </div>
      ${state.archive.dragging ? html`<div class="drop-veil">Drop it to open it here</div>` : nothing}`,
    overlay,
  );
  announce(announcer, state.announcements);
  reflect(main, state);
  followFocus(main, state);
  const { game } = state.table ?? {};
  const here = game?.phase === 'playing' && state.table && reader(state.table) === game.turn;
  const waiting = countWaiting(state.peer.games);
  const title = pageTitle(Boolean(here), waiting);
  if (document.title !== title) document.title = title;
  showBadge(waiting);
}

/**
 * @param {AppState} state
 * @param {Controller} act
 */
function screenView(state, act) {
  const table = /** @type {Table} */ (state.table);
  switch (screen(state)) {
    case 'home':
      return homeView(state, act);
    case 'games':
      return archiveView(state, act);
    case 'watch':
      return watchView(state, act);
    case 'opening':
      return openingView(state);
    case 'failed':
      return html`<div class="invitation">
        <section class="card wide">
          <h1 tabindex="-1">This game cannot be opened</h1>
          <p class="lead" role="alert">${table.error}</p>
          <p><a class="button primary" href="#/">To the start page</a></p>
        </section>
      </div>`;
    case 'waiting':
      return waitingView(state, table, act);
    case 'invitation':
      return invitationView(state, table, act);
    case 'game':
      return gameView(state, table, act);
  }
}

/**
 * The page's outside contract: what a script may read from `<main>`.
 *
 * @param {HTMLElement} main
 * @param {AppState} state
 */
function reflect(main, state) {
  const { table, peer } = state;
  const game = table?.game ?? null;
  const ms = (/** @type {number | null | undefined} */ value) =>
    value === null || value === undefined ? '' : String(Math.max(0, Math.round(value)));
  const data = {
    screen: screen(state),
    connection: peer.connection.state,
    path: game?.path ?? 'none',
    game: game?.id ?? '',
    ply: game ? String(game.ply) : '',
    fen: game?.fen ?? '',
    orientation: table && game ? orientation(table) : '',
    result: game?.result?.outcome ?? '',
    reason: game?.result?.reason ?? '',
    whiteMs: game ? ms(table?.clocks.whiteMs) : '',
    blackMs: game ? ms(table?.clocks.blackMs) : '',
  };
  for (const [name, value] of Object.entries(data)) {
    if (main.dataset[name] !== value) main.dataset[name] = value;
  }
}
