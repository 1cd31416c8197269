// The panel beside the board: status, moves, navigation, actions, the move field, and ways to keep the game.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { live } from 'lit/directives/live.js';
import { ref } from 'lit/directives/ref.js';
import { livePly, shown } from '../app-state.js';
import { clockFace } from '../clock.js';
import { colourName, resultTitle, resultWords, turnWords } from '../words.js';
import { icons } from './icons.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { AppState, Table } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 * @param {Controller} act
 */
export function panelView(state, table, act) {
  return html`
    <aside class="panel" aria-label="Game">
      ${statusView(state, table, act)} ${movesView(table, act)} ${navigationView(table, act)}
      ${actionsView(table, act)} ${tailView(table, act)} ${keepView(table, act)}
    </aside>
  `;
}

/**
 * One line that matters most, one that helps. Both are always there, so nothing jumps.
 *
 * @param {AppState} state
 * @param {Table} table
 * @param {Controller} act
 */
function statusView({ peer }, table, act) {
  const game = /** @type {GameState} */ (table.game);
  const { draw, takeback } = game.offers;
  const asked = (draw && draw !== game.you) || (takeback && takeback.by !== game.you);
  return html`
    <div class="status" data-over=${game.result ? 'true' : 'false'}>
      <p class="status-main" role="status">${mainWords(table)}</p>
      <p class="status-side" title=${sideWords(table, peer)}>${sideWords(table, peer)}</p>
      ${
        asked && game.you
          ? html`<button class="quiet" @click=${act.decline}>Decline</button>`
          : nothing
      }
    </div>
  `;
}

/** @param {Table} table */
function mainWords({ game, thinking }) {
  if (!game) return '';
  if (game.result) return resultTitle(game.result, game.you);
  const { draw, takeback } = game.offers;
  if (takeback && takeback.by !== game.you) return `${colourName(takeback.by)} asks for a takeback`;
  if (draw && draw !== game.you) return `${colourName(draw)} offers a draw`;
  return turnWords(game, thinking);
}

/**
 * @param {Table} table
 * @param {AppState['peer']} peer
 */
function sideWords({ game, kind, clocks }, peer) {
  if (!game) return '';
  if (game.result) return `${resultWords(game.result)}.`;
  const { connection } = peer;
  if (kind === 'peer') {
    if (!peer.writer && game.you) return 'Another tab plays this game; this one watches.';
    if (connection.state !== 'connected' && game.path !== 'direct') return connection.words;
    if (connection.logBusy) return 'The relay cannot store moves right now; it keeps trying.';
    if (game.seat === 'refused') return 'Another player took the seat. You are watching.';
    if (game.you === null) return 'You are watching.';
  }
  if (clocks.firstMoveMs !== null) return `First move within ${clockFace(clocks.firstMoveMs)}`;
  if (game.offers.draw && game.offers.draw === game.you) return 'You offer a draw.';
  if (game.offers.takeback?.by === game.you && game.you) return 'You asked for a takeback.';
  if (game.can.claimDraw) return 'You may claim a draw here.';
  if (kind === 'computer') return 'On this device, no clock';
  const lag = connection.rttMs === null ? '' : `, ${Math.round(connection.rttMs)} ms`;
  return game.path === 'direct' ? 'Direct to your opponent' : `By relay${lag}`;
}

/**
 * @param {Table} table
 * @param {Controller} act
 */
function movesView(table, act) {
  const game = /** @type {GameState} */ (table.game);
  const { ply, pending } = shown(table);
  const current = pending ? game.ply : ply;
  const blackFirst = game.startFen.split(' ')[1] === 'b';
  const firstNumber = Number(game.startFen.split(' ')[5]) || 1;
  return html`<div class="moves-box" ${ref(followSize)}>
    ${guard([game.moves, current, table.id], () => {
      const number = (/** @type {number} */ index) => {
        const half = index + (blackFirst ? 1 : 0);
        const whole = firstNumber + Math.floor(half / 2);
        if (half % 2 === 0) return `${whole}.`;
        return index === 0 ? `${whole}…` : '';
      };
      return html`<ol
        class="moves"
        role="list"
        aria-label="Game record"
        data-black-first=${blackFirst ? 'true' : 'false'}
      >
        ${game.moves.map(
          (move, index) =>
            html`<li
              data-number=${number(index)}
              data-side=${(index + (blackFirst ? 1 : 0)) % 2 ? 'black' : 'white'}
            >
              <button
                class="move"
                aria-current=${move.ply === current ? 'step' : 'false'}
                @click=${() => act.showPly(move.ply)}
                ${move.ply === current ? ref(keepInSight) : nothing}
              >
                ${move.san}
              </button>
            </li>`,
        )}
      </ol>`;
    })}
    ${game.moves.length === 0 ? html`<p class="empty">No moves yet</p>` : nothing}
  </div>`;
}

/**
 * Brings the current move into sight once it is drawn.
 *
 * @param {Element | undefined} element
 */
function keepInSight(element) {
  const box = element?.closest('.moves-box');
  if (box) queueMicrotask(() => showCurrentMove(box));
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) showCurrentMove(target);
});

/**
 * Keeps the current move in sight when the list gets another shape: a phone is turned, a window is drawn larger.
 *
 * @param {Element | undefined} box
 */
function followSize(box) {
  if (box) sizes.observe(box);
  else sizes.disconnect();
}

/**
 * Scrolls the list, and never the page, to the current move.
 *
 * @param {Element} box
 */
function showCurrentMove(box) {
  const current = box.querySelector('[aria-current="step"]');
  if (!current) return;
  const frame = box.getBoundingClientRect();
  const { top, bottom, left, right } = current.getBoundingClientRect();
  if (top < frame.top) box.scrollTop -= frame.top - top;
  else if (bottom > frame.bottom) box.scrollTop += bottom - frame.bottom + 4;
  if (left < frame.left + 32) box.scrollLeft -= frame.left + 32 - left;
  else if (right > frame.right) box.scrollLeft += right - frame.right + 4;
}

/**
 * @param {Table} table
 * @param {Controller} act
 */
function navigationView(table, act) {
  const { ply } = shown(table);
  const last = livePly(table);
  return html`<div class="navigation" role="group" aria-label="Look back">
    <button class="icon-button" aria-label="Flip board" title="Flip board" @click=${act.flip}>
      ${icons.flip}
    </button>
    ${step('To the start', icons.first, ply === 0, () => act.showPly(0))}
    ${step('Back', icons.back, ply === 0, () => act.step(-1))}
    ${step('Forward', icons.forward, ply === last, () => act.step(1))}
    ${step('To the end', icons.last, ply === last, () => act.showPly(last))}
  </div>`;
}

/**
 * @param {string} name
 * @param {unknown} icon
 * @param {boolean} disabled
 * @param {() => void} onClick
 */
const step = (name, icon, disabled, onClick) =>
  html`<button
    class="icon-button"
    aria-label=${name}
    title=${name}
    ?disabled=${disabled}
    @click=${onClick}
  >
    ${icon}
  </button>`;

/**
 * @param {Table} table
 * @param {Controller} act
 */
function actionsView(table, act) {
  const game = /** @type {GameState} */ (table.game);
  const { can, offers, you } = game;
  if (game.phase === 'over') {
    return html`<div class="actions two">
      ${action('Analyse', icons.analyse, true, act.analyse, table.analysis !== null)}
      ${action('New game', icons.again, true, () => act.go({ screen: 'home' }))}
    </div>`;
  }
  if (you === null)
    return html`<div class="actions watching"><p>You are watching this game.</p></div>`;
  if (table.confirmingResign) {
    // “Keep playing” lies where “Resign” was, so a double tap does no harm.
    return html`<div class="actions confirming" role="group" aria-label="Resign this game?">
      <p>Give up this game?</p>
      <button class="action danger" @click=${act.resign}>${icons.resign}<span>Resign</span></button>
      <button
        class="action keep"
        @click=${() => act.askResign(false)}
        ${ref((element) => focusSoon(element))}
      >
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
          : action('Offer draw', icons.draw, can.resign && offers.draw !== you, act.offerDraw)
    }
    ${action('Abort', icons.abort, can.abort, act.abort)}
    ${action('Resign', icons.resign, can.resign, () => act.askResign(true))}
  </div>`;
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

/** @param {Element | undefined} element */
function focusSoon(element) {
  if (element instanceof HTMLElement) queueMicrotask(() => element.focus());
}

/**
 * The move field while the game runs; the engine's lines after it.
 *
 * @param {Table} table
 * @param {Controller} act
 */
function tailView(table, act) {
  const game = /** @type {GameState} */ (table.game);
  if (game.phase === 'over' || game.you === null) return analysisView(table);
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    act.submitMove();
  };
  return html`<form class="tail" @submit=${submit}>
    <div class="inline-form">
      <label for="move">Move</label>
      <input
        id="move"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        enterkeyhint="send"
        placeholder="Nf3 or g1f3"
        maxlength="12"
        .value=${live(table.moveText)}
        aria-invalid=${table.moveError ? 'true' : 'false'}
        aria-describedby="move-error"
        @input=${(/** @type {InputEvent} */ event) =>
          act.typeMove(/** @type {HTMLInputElement} */ (event.currentTarget).value)}
      />
      <button>Play</button>
    </div>
    <p class="field-error" id="move-error" role="alert">${table.moveError}</p>
  </form>`;
}

/** @param {Table} table */
function analysisView({ analysis, game }) {
  if (!analysis) {
    return html`<p class="tail muted">
      ${game?.phase === 'over' ? 'Analyse shows the engine’s best lines for any position.' : ''}
    </p>`;
  }
  return html`<div class="tail analysis">
    <p class="muted">
      ${analysis.error || (analysis.depth > 0 ? `Depth ${analysis.depth}` : 'The engine is looking…')}
    </p>
    <div class="lines">
      ${analysis.lines.map(
        ({ score, san }) =>
          html`<p class="line"><b class="tabular">${score}</b><span>${san}</span></p>`,
      )}
    </div>
  </div>`;
}

/**
 * @param {Table} table
 * @param {Controller} act
 */
function keepView({ kind }, act) {
  return html`<div class="keep" role="group" aria-label="Keep this game">
    <button class="quiet" @click=${() => act.copy(act.pgn(), 'PGN')}>${icons.copy}Copy PGN</button>
    <button class="quiet" @click=${act.downloadPgn}>${icons.save}PGN</button>
    ${
      kind === 'peer'
        ? html`<button class="quiet" @click=${act.downloadSigned}>${icons.save}Signed game</button>`
        : nothing
    }
  </div>`;
}
