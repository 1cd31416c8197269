// The screen of games that are played now and that anyone may watch.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { keyed } from 'lit/directives/keyed.js';
import { clockLabel, clockWords } from '../table/clock.js';
import { nameOf } from '../people/people.js';
import { routeHash } from '../route.js';
import { colourName } from '../words/words.js';
import { icons } from './icons.js';
import { miniBoard } from './mini-board.js';

/**
 * @import { Colour, GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 * @import { LiveGame } from '../people/live-games.js'
 * @import { Table } from '../table/table-state.js'
 */

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function watchView({ watch, peer, people }, act) {
  const { status, words, games, follows } = watch;
  const count = games.length === 1 ? '1 game is' : `${games.length} games are`;
  return html`<div class="watch">
    <h1>Live games</h1>
    <p class="lead" role="status">
      ${
        status === 'loading'
          ? 'Asking the relay…'
          : words ||
            (games.length > 0 ? `${count} played here now.` : 'No game is played here now.')
      }
    </p>
    ${
      games.length > 0
        ? html`<ul class="live" role="list" aria-label="Live games">
            ${games.map((game) => liveCard(game, follows, peer.player, people, act))}
          </ul>`
        : status === 'loading'
          ? nothing
          : html`<p class="card empty">
              Games whose seat was open to everyone in the lobby are shown here while they are
              played. <a href="#/">Create one</a>, or open the link of a game that somebody sent
              you: with it any game can be watched.
            </p>`
    }
  </div>`;
}

/**
 * @param {LiveGame} game
 * @param {string[]} follows
 * @param {string | null} player
 * @param {AppState['people']} people
 * @param {Controller} act
 */
function liveCard(game, follows, player, people, act) {
  const { fen, last, ply, clock, watchers, variant } = game;
  const turn = fen.split(' ')[1] === 'b' ? 'black' : 'white';
  const name = (/** @type {Colour} */ colour) =>
    game[colour] === player ? 'You' : nameOf(people, game[colour]);
  const facts = [
    `Move ${Math.floor(ply / 2) + 1}`,
    clockLabel(clock),
    variant === 'chess960' ? 'Chess960' : '',
    watchers > 0 ? `${watchers} watching` : '',
  ];
  const side = (/** @type {Colour} */ colour) =>
    html`<div class="live-side">
      <span class="disc" data-colour=${colour} aria-hidden="true"></span>
      <span class="live-name" data-turn=${turn === colour ? 'true' : 'false'}>${name(colour)}</span>
      ${game[colour] === player ? nothing : followStar(game[colour], name(colour), follows, act)}
    </div>`;
  return html`<li class="card live-game">
    ${side('black')}
    <a
      href=${routeHash({ screen: 'game', id: game.game, relay: null })}
      aria-label=${`Watch ${name('white')} against ${name('black')}, ${clockWords(clock)}, ${colourName(turn)} to move`}
    >
      ${guard([fen, last], () => miniBoard(fen, last))}
    </a>
    ${side('white')}
    <small class="muted tabular">${facts.filter(Boolean).join(' · ')}</small>
  </li>`;
}

/**
 * @param {string} key
 * @param {string} name
 * @param {string[]} follows
 * @param {Controller} act
 */
const followStar = (key, name, follows, act) =>
  html`<button
    class="icon-button star"
    aria-pressed=${follows.includes(key) ? 'true' : 'false'}
    aria-label=${`Follow ${name}`}
    title=${follows.includes(key) ? 'Followed' : 'Follow'}
    @click=${() => act.followPlayer(key)}
  >
    ${icons.star}
  </button>`;

/**
 * What a watcher can do in place of moving.
 *
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 * @param {Controller} act
 */
export function watcherActions({ watch }, table, act) {
  const game = /** @type {GameState} */ (table.game);
  const follow = (/** @type {Colour} */ colour) => {
    const key = game[colour];
    const followed = key !== null && watch.follows.includes(key);
    return keyed(
      colour,
      html`<button
        class="action star"
        aria-pressed=${followed ? 'true' : 'false'}
        ?disabled=${key === null}
        @click=${() => key && act.followPlayer(key)}
      >
        ${icons.star}<span>Follow ${colourName(colour)}</span>
      </button>`,
    );
  };
  return html`${follow('white')} ${follow('black')}
    <button class="action" @click=${() => act.go({ screen: 'watch' })}>
      ${icons.eye}<span>Live games</span>
    </button>`;
}
