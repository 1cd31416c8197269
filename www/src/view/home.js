// The first screen: play the computer, invite someone, go on with a game, or take a seat in the lobby.

import { html, nothing } from 'lit/html.js';
import { clockLabel, clockWords } from '../table/clock.js';
import { fromPosition, seeksFor } from '../people/lobby.js';
import { nameOf } from '../people/people.js';
import { isYourMove } from '../people/waiting-games.js';
import { routeHash } from '../route.js';
import {
  agoWords,
  colourName,
  latencyWords,
  movesWords,
  resultTitle,
  standingWords,
} from '../words/words.js';
import { reminderView } from './backup-form.js';
import { contactsView } from './contacts.js';
import { mark } from './icons.js';

/**
 * @import { GameSummary, Seek } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { LocalRecord } from '../table/local-game.js'
 * @import { People } from '../people/people.js'
 * @import { Controller } from '../controller.js'
 */

/** Finished games listed here. */
const FINISHED_SHOWN = 8;

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function homeView(state, act) {
  const { peer } = state;
  return html`
    <div class="home">
      <section class="hero">
        <div class="hero-mark">${mark}</div>
        <h1 tabindex="-1">Chess that answers to its players</h1>
        <p class="lead">
          The computer plays right here in your browser. Games with others are signed move by move:
          a relay only passes them on, and nobody can change them.
        </p>
        <div class="hero-actions">
          <button class="primary big" @click=${act.openComputerForm}>Play the computer</button>
          <button
            class="big"
            data-people
            ?disabled=${peer.status === 'failed' || peer.connection.noRelay}
            aria-describedby=${peer.connection.noRelay ? 'lobby-words' : nothing}
            @click=${act.openCreateForm}
          >
            Create game
          </button>
          <button class="big" @click=${act.openBoardForm}>Two at one board</button>
        </div>
        ${peer.status === 'failed' ? html`<p class="notice">${peer.error}</p>` : nothing}
        ${
          peer.writer
            ? nothing
            : html`<p class="notice">
                Another tab of this browser is playing. This one watches until that tab is closed.
              </p>`
        }
      </section>
      <div class="home-side">
        ${runningView(state)} ${lobbyView(state, act)} ${pasteView(state, act)}
        ${contactsView(state, act)} ${reminderView(state, act)}
      </div>
    </div>
  `;
}

/** @param {AppState} state */
function runningView({ localGames, peer, people }) {
  const now = Date.now();
  const rows = [
    ...localGames.map((record) => ({
      at: record.updatedMs,
      waits: false,
      over: record.result !== null,
      row: localRow(record, now),
    })),
    ...peer.games.map((game) => ({
      at: game.createdMs,
      waits: isYourMove(game),
      over: game.phase === 'over' || Boolean(game.goesOnIn),
      row: peerRow(game, people, now),
    })),
  ].sort((a, b) => Number(b.waits) - Number(a.waits) || b.at - a.at);
  const running = rows.filter(({ over }) => !over);
  const finished = rows.filter(({ over }) => over).slice(0, FINISHED_SHOWN);
  return html`
    <section class="card" aria-labelledby="games-title">
      <div class="card-head">
        <h2 id="games-title">Your games</h2>
        <a href="#/games">All games and files</a>
      </div>
      ${
        running.length > 0
          ? html`<ul class="rows" role="list">
              ${running.map(({ row }) => row)}
            </ul>`
          : html`<p class="empty">No game is running on this device.</p>`
      }
      ${
        finished.length > 0
          ? html`<details>
              <summary>Finished games</summary>
              <ul class="rows" role="list">
                ${finished.map(({ row }) => row)}
              </ul>
            </details>`
          : nothing
      }
    </section>
  `;
}

/**
 * @param {LocalRecord} record
 * @param {number} now ms since 1970
 */
function localRow({ id, kind, level, levelName, you, ucis, result, updatedMs }, now) {
  const board = kind === 'board';
  const seat = board ? 'Both sides' : `You are ${colourName(you)}`;
  const moves = movesWords(Math.ceil(ucis.length / 2));
  return html`<li class="row">
    <span class="disc" data-colour=${board ? 'both' : you} aria-hidden="true"></span>
    <span class="row-text">
      <strong>${board ? 'At one board' : `Computer, level ${level}`}</strong>
      <small>
        ${result ? resultTitle(result, board ? null : you) : seat} · ${moves} ·
        ${agoWords(updatedMs, now)}
      </small>
    </span>
    <a class="button" href=${routeHash({ screen: kind, id })} title=${levelName}>
      ${result ? 'View' : 'Resume'}
    </a>
  </li>`;
}

/**
 * @param {GameSummary} game
 * @param {People} people
 * @param {number} now ms since 1970
 */
function peerRow(game, people, now) {
  const { id, you, opponent, ply, phase, createdMs, goesOnIn } = game;
  const status = standingWords(game);
  return html`<li class="row">
    <span class="disc" data-colour=${you ?? 'both'} aria-hidden="true"></span>
    <span class="row-text">
      <strong><bdi>${opponent ? nameOf(people, opponent) : 'Open invitation'}</bdi></strong>
      <small>${status} · ${movesWords(Math.ceil(ply / 2))} · ${agoWords(createdMs, now)}</small>
    </span>
    <a class="button" href=${routeHash({ screen: 'game', id, relay: null })}>
      ${phase === 'over' || goesOnIn ? 'View' : 'Resume'}
    </a>
  </li>`;
}

/**
 * @param {AppState} state
 * @param {Controller} act
 */
function lobbyView({ peer, people }, act) {
  const seeks = seeksFor(peer.seeks, peer.player, people);
  return html`
    <section class="card" aria-labelledby="lobby-title" data-people>
      <div class="card-head">
        <h2 id="lobby-title">Lobby</h2>
        <a href="#/watch">Live games</a>
      </div>
      <p class="latency muted">${latencyWords(peer.connection.rttMs)}</p>
      ${
        peer.status === 'asleep'
          ? html`<p class="empty">
              Your browser is set to save data, so the lobby is looked up when you ask for it.
              <button @click=${act.meetPeople}>Look</button>
            </p>`
          : seeks.length > 0
            ? html`<ul class="rows lobby" role="list">
                ${seeks.map((seek) => seekRow(seek, people, peer.writer, act))}
              </ul>`
            : html`<p id="lobby-words" class=${peer.connection.noRelay ? 'notice' : 'empty'}>
                ${
                  peer.connection.state === 'connected'
                    ? 'Nobody is waiting right now. Create a game and list it here.'
                    : peer.connection.words
                }
              </p>`
      }
    </section>
  `;
}

/**
 * @param {Seek} seek
 * @param {People} people
 * @param {boolean} writer
 * @param {Controller} act
 */
function seekRow(seek, people, writer, act) {
  const yours =
    seek.colour === 'random'
      ? 'colours drawn'
      : `you play ${seek.colour === 'white' ? 'Black' : 'White'}`;
  const label = `seek-${seek.game.slice(0, 16)}`;
  const position = fromPosition(seek);
  const facts = [
    clockLabel(seek.clock),
    seek.variant === 'chess960' ? 'Chess960' : '',
    position ? 'from a position' : '',
    seek.keptFor ? 'for you alone' : '',
  ];
  return html`<li class="row">
    <span class="row-text" id=${label}>
      <strong class="tabular">${facts.filter(Boolean).join(' · ')}</strong>
      <small> <bdi>${nameOf(people, seek.creator)}</bdi> · ${yours} </small>
      <span class="hidden">${clockWords(seek.clock)}</span>
    </span>
    ${
      position
        ? html`<button aria-describedby=${label} @click=${() => act.lookAtSeek(seek)}>See</button>`
        : html`<button
            aria-describedby=${label}
            ?disabled=${!writer}
            @click=${() => act.joinSeek(seek)}
          >
            Join
          </button>`
    }
  </li>`;
}

/**
 * @param {AppState} state
 * @param {Controller} act
 */
function pasteView({ paste }, act) {
  const open = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    act.openPasted(String(new FormData(form).get('link') ?? ''));
  };
  return html`
    <section class="card" aria-labelledby="paste-title" data-people>
      <h2 id="paste-title">Enter a code or a link</h2>
      <form class="inline-form" @submit=${open}>
        <label class="hidden" for="paste">Link or code of a game</label>
        <input
          id="paste"
          name="link"
          autocomplete="off"
          spellcheck="false"
          placeholder="K7QM-2X9P"
          aria-invalid=${paste.error ? 'true' : 'false'}
          aria-describedby="paste-error"
        />
        <button ?disabled=${paste.busy}>Open</button>
      </form>
      <p class="hidden" role="status">${paste.busy ? 'Looking for the game…' : ''}</p>
      <p class="field-error" id="paste-error" role="alert">${paste.error}</p>
    </section>
  `;
}
