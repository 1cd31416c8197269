// A game that no one has joined yet: its creator waits with a link to give away, a guest sees what the seat offers.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { keyed } from 'lit/directives/keyed.js';
import { clockLabel, clockWords } from '../table/clock.js';
import { codeLabel, codeSpoken } from '../people/codes.js';
import { linkWithToken } from '../people/tokens.js';
import { isBlocked, nameOf } from '../people/people.js';
import { INITIAL_FEN, opposite } from '../chess/rules.js';
import { startWords } from '../chess/start-position.js';
import { creatorColour, orientation } from '../table/table-state.js';
import { boardWords, colourName, latencyWords } from '../words/words.js';
import { boardView } from './board-view.js';
import { icons } from './icons.js';
import { qrView } from './qr.js';

/**
 * @import { Colour, GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { BoardModel } from './chessground.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {GameState} game
 * @param {Colour | null} yours
 */
const terms = (game, yours) => html`
  <dl class="terms">
    <div>
      <dt>Time</dt>
      <dd class="tabular">${clockLabel(game.clock)}<small>${clockWords(game.clock)}</small></dd>
    </div>
    <div>
      <dt>You play</dt>
      <dd>
        <span class="disc" data-colour=${yours ?? 'both'} aria-hidden="true"></span>
        ${yours ? colourName(yours) : 'Random'}
      </dd>
    </div>
    <div>
      <dt>Takebacks</dt>
      <dd>${game.takebacks ? 'Allowed' : 'Off'}</dd>
    </div>
    <div>
      <dt>Start</dt>
      <dd>${startWords(game)}</dd>
    </div>
  </dl>
`;

/**
 * The start, where it is not the usual one: nobody sits down before a position that they have not seen.
 *
 * @param {Table} table
 */
function startBoard(table) {
  const { id, startFen } = /** @type {GameState} */ (table.game);
  if (startFen === INITIAL_FEN) return nothing;
  /** @type {BoardModel} */
  const model = {
    fen: startFen,
    orientation: orientation(table),
    turn: startFen.split(' ')[1] === 'b' ? 'black' : 'white',
    check: false,
    uci: null,
    mover: null,
    dests: {},
    marks: '',
    epoch: 0,
  };
  return html`<div class="start-board">
    <div class="board-box">${keyed(id, boardView(model, { onDrop() {}, onCancel() {} }))}</div>
    <p class="hidden" id="board-words">${boardWords(startFen)}</p>
  </div>`;
}

/** The page's address as people say it. */
const pagePlace = () => location.host + location.pathname.replace(/(\/index\.html|\/)$/, '');

/** @param {Table} table */
function codeView({ code }) {
  if (!code) return nothing;
  const until = new Date(code.untilMs).toLocaleTimeString([], { timeStyle: 'short' });
  return html`<p>
    Or tell them a code to type:
    <strong class="code tabular" aria-hidden="true">${codeLabel(code.text)}</strong>
    <span class="hidden">${codeSpoken(code.text)}.</span>
    <small>They type it on the first screen of this page, ${pagePlace()}, until ${until}.</small>
  </p>`;
}

/**
 * Whether the invitation is to open its private relay too.
 *
 * @param {Table} table
 * @param {Controller} act
 */
const openLinkView = ({ openLink }, act) =>
  html`<label class="check">
    <input
      type="checkbox"
      .checked=${openLink}
      @change=${(/** @type {Event} */ event) =>
        act.openLink(/** @type {HTMLInputElement} */ (event.currentTarget).checked)}
    />
    <span>
      The link opens this private relay too
      <small
        >Whoever has it can play here from then on: send it to people your host would let in.</small
      >
    </span>
  </label>`;

/** @param {AppState} state */
const latency = ({ peer }) =>
  html`<p class="latency muted">
    ${latencyWords(peer.connection.rttMs) || peer.connection.words}
  </p>`;

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function waitingView(state, /** @type {Table} */ table, act) {
  const { peer, people } = state;
  const game = /** @type {GameState} */ (table.game);
  const opening = linkWithToken(table.link, peer.connection.relay, state.tokens);
  const link = (table.openLink && opening) || table.link;
  const kept = game.keptFor;
  const select = (/** @type {Event} */ event) =>
    /** @type {HTMLInputElement} */ (event.currentTarget).select();
  return html`
    <div class="invitation">
      <section class="card wide">
        <h1 tabindex="-1">Waiting for an opponent</h1>
        <p class="lead">
          ${
            kept
              ? html`Send this link to <bdi>${nameOf(people, kept)}</bdi>: the seat is kept for
                  them. The game begins by itself when they join.`
              : 'Send this link to one person. The first to join takes the seat, and the game begins by itself.'
          }
        </p>
        ${terms(game, creatorColour(game))} ${startBoard(table)} ${latency(state)}
        <div class="link-row">
          <label class="hidden" for="link">Invitation link</label>
          <input id="link" readonly .value=${link} @focus=${select} />
          <button class="primary" @click=${() => act.copy(link, 'Link')}>
            ${icons.copy}Copy link
          </button>
        </div>
        ${opening ? openLinkView(table, act) : nothing}
        <div class="qr-row">
          ${guard([link], () => qrView(link))}
          <div class="other-ways">
            <p>
              Or let them scan it.
              ${
                'share' in navigator
                  ? html`<button @click=${() => act.share(link)}>Share…</button>`
                  : nothing
              }
            </p>
            ${codeView(table)}
          </div>
        </div>
        <div class="card-actions">
          <p class="muted">
            ${
              peer.connection.state === 'connected'
                ? 'Keep Rookery open: your browser seats the first who joins.'
                : peer.connection.words
            }
          </p>
          <button ?disabled=${!peer.writer} @click=${act.withdraw}>Abort</button>
        </div>
      </section>
    </div>
  `;
}

/**
 * @param {AppState} state
 * @param {Table} table
 * @param {Controller} act
 */
export function invitationView(state, table, act) {
  const { peer, people } = state;
  const game = /** @type {GameState} */ (table.game);
  const blocked = isBlocked(people, game.creator);
  const foreign = game.keptFor !== null && game.keptFor !== peer.player;
  const creator = creatorColour(game);
  const waiting = table.joining || game.seat === 'waiting';
  return html`
    <div class="invitation">
      <section class="card wide">
        <h1 tabindex="-1">${foreign ? 'A game for somebody else' : 'You are invited to a game'}</h1>
        <p class="lead"><bdi>${nameOf(people, game.creator)}</bdi> is waiting for an opponent.</p>
        ${blocked ? html`<p class="notice">You blocked this player.</p>` : nothing}
        ${
          foreign
            ? html`<p class="notice">
                The seat is kept for <bdi>${nameOf(people, game.keptFor ?? '')}</bdi>; nobody else
                can take it. You can watch when the game begins.
              </p>`
            : nothing
        }
        ${terms(game, creator && opposite(creator))} ${startBoard(table)} ${latency(state)}
        <div class="card-actions">
          <p class="muted" role="status">
            ${
              foreign
                ? ''
                : game.seat === 'refused'
                  ? 'Another player took the seat first; the signed answer says so. You can watch.'
                  : waiting
                    ? table.unanswered
                      ? 'No answer yet: the other player may be away, or have taken the invitation back. Your wish is kept, and the game begins as soon as they are here.'
                      : 'Taking the seat…'
                    : peer.writer
                      ? 'Joining signs your name to this game.'
                      : 'Another tab of this browser is playing; this one can only watch.'
            }
          </p>
          <button
            class="primary big"
            ?disabled=${waiting || blocked || foreign || !peer.writer || game.seat === 'refused'}
            @click=${act.join}
          >
            Join
          </button>
        </div>
      </section>
    </div>
  `;
}
