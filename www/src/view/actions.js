// The row of buttons that change the game: offers and endings. A question takes the row's place and its size.

import { html } from 'lit/html.js';
import { ref } from 'lit/directives/ref.js';
import { nextGame } from '../people/live-games.js';
import { opposite } from '../chess/rules.js';
import { blockedOpponent } from '../table/players.js';
import { colourName } from '../words/words.js';
import { icons } from './icons.js';
import { watcherActions } from './watch.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Table} table
 * @param {Controller} act
 */
export function actionsView(state, table, act) {
  const game = /** @type {GameState} */ (table.game);
  const { can, offers, you } = game;
  const blocked = table.kind === 'peer' && blockedOpponent(game, state.people);
  if (game.phase === 'over') {
    const watched = table.kind === 'peer' && you === null;
    const [again, place] = table.origin
      ? [
          action('Play from here', icons.play, true, act.playFromHere),
          action('All games', icons.open, true, () => act.go({ screen: 'games' })),
        ]
      : watched
        ? [
            nextAction(state, game, act),
            action('Live games', icons.eye, true, () => act.go({ screen: 'watch' })),
          ]
        : [
            rematchAction(table, blocked, act),
            action('New game', icons.again, true, () => act.go({ screen: 'home' })),
          ];
    return html`<div class="actions ends">
      ${action('Analyse', icons.analyse, true, act.analyse, table.analysis !== null)} ${again}
      ${place}
    </div>`;
  }
  if (you === null)
    return html`<div class="actions ends">${watcherActions(state, table, act)}</div>`;
  if (table.candidate) {
    return html`<div class="actions confirming" role="group" aria-label="Play this move?">
      <p>
        <span>Play <b>${table.candidate.san}</b>?</span>
      </p>
      <button class="action" @click=${act.cancelPlans}>${icons.takeback}<span>Cancel</span></button>
      <button class="action keep primary" @click=${act.confirm}><span>Confirm</span></button>
    </div>`;
  }
  if (table.question) {
    const draw = table.question === 'draw';
    const gives =
      table.kind === 'board' ? `Does ${colourName(game.turn)} give up?` : 'Give up this game?';
    // “Keep playing” lies where “Resign” was, so a double tap does no harm.
    return html`<div
      class="actions confirming"
      role="group"
      aria-label=${draw ? 'Agree to a draw?' : 'Resign this game?'}
    >
      <p>${draw ? 'Do both agree?' : gives}</p>
      ${
        draw
          ? html`<button class="action" @click=${act.agreeDraw}>
              ${icons.draw}<span>Agree draw</span>
            </button>`
          : html`<button class="action danger" @click=${act.resign}>
              ${icons.resign}<span>Resign</span>
            </button>`
      }
      <button class="action keep" @click=${() => act.question(null)} ${ref(focusSoon)}>
        <span>Keep playing</span>
      </button>
    </div>`;
  }
  return html`<div class="actions">
    ${
      can.acceptTakeback
        ? action('Accept takeback', icons.takeback, true, act.acceptTakeback, true)
        : action('Takeback', icons.takeback, can.askTakeback, act.askTakeback)
    }
    ${
      can.acceptDraw
        ? action('Accept draw', icons.draw, true, act.draw, true)
        : can.claimDraw
          ? action('Claim draw', icons.draw, true, act.draw, true)
          : action(
              'Offer draw',
              icons.draw,
              can.resign && (offers.draw === null || offers.draw !== you),
              act.offerDraw,
            )
    }
    ${action('Abort', icons.abort, can.abort, act.abort, blocked && can.abort)}
    ${action('Resign', icons.resign, can.resign, () => act.question('resign'))}
  </div>`;
}

/**
 * Where a player of this game plays on, if that is known.
 *
 * @param {AppState} state
 * @param {GameState} game Over.
 * @param {Controller} act
 */
function nextAction({ watch }, game, act) {
  const next = nextGame(watch.games, game, watch.follows);
  const go = () => next && act.go({ screen: 'game', id: next.game, relay: null });
  return action('Their next game', icons.forward, next !== null, go, next !== null);
}

/**
 * Both must want a rematch; a game of this device just begins again.
 *
 * @param {Table} table Over.
 * @param {boolean} blocked With who is blocked nobody plays again.
 * @param {Controller} act
 */
function rematchAction({ kind, game, rematch }, blocked, act) {
  const { mine, theirs, busy } = rematch;
  if (theirs) return action('Accept rematch', icons.rematch, true, act.rematch, true);
  if (mine) return action('Cancel rematch', icons.abort, true, act.rematch);
  const you = game?.you ?? null;
  const there = kind !== 'peer' || (you !== null && game?.present[opposite(you)] !== false);
  return action('Rematch', icons.rematch, there && !busy && !blocked, act.rematch);
}

/**
 * @param {string} name
 * @param {unknown} icon
 * @param {boolean} enabled
 * @param {() => unknown} onClick
 * @param {boolean} [highlit]
 */
const action = (name, icon, enabled, onClick, highlit = false) =>
  html`<button
    class="action"
    data-highlit=${highlit ? 'true' : 'false'}
    ?disabled=${!enabled}
    @click=${onClick}
  >
    ${icon}<span>${name}</span>
  </button>`;

/**
 * Only for who pressed the button that is gone now: who types goes on typing.
 *
 * @param {Element | undefined} element
 */
function focusSoon(element) {
  if (element instanceof HTMLElement) {
    queueMicrotask(() => {
      if (document.activeElement === document.body) element.focus();
    });
  }
}
