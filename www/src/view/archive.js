// The screen of all games of this device: what is looked for, the list, and the ways in and out.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { live } from 'lit/directives/live.js';
import { ref } from 'lit/directives/ref.js';
import { archiveEntries, dayWords, findEntries, KINDS, OUTCOMES } from '../archive/archive.js';
import { reminderView } from './backup-form.js';
import { nameOf } from '../people/people.js';
import { movesWords } from '../words/words.js';
import { valueOf } from './form-parts.js';
import { icons } from './icons.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { ArchiveEntry, ArchiveKind } from '../archive/archive.js'
 * @import { ArchiveState } from '../archive/archive-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function archiveView(state, act) {
  const { localGames, peer, people, archive } = state;
  const { games } = peer;
  const { imported, query, shown } = archive;
  return html`<div class="archive">
    <h1>Games</h1>
    ${reminderView(state, act)} ${bringView(archive, act)} ${reportView(archive, act)}
    ${lookView(archive, act)}
    ${guard([localGames, games, imported, people, query, shown], () => {
      const name = (/** @type {string} */ key) => nameOf(people, key);
      const entries = archiveEntries({ localGames, games, imported }, name);
      return listView(entries, findEntries(entries, query), shown, act);
    })}
  </div>`;
}

/**
 * @param {ArchiveState} archive
 * @param {Controller} act
 */
function bringView({ importing, pasting }, act) {
  const pick = async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const files = [...(input.files ?? [])];
    // The same file can be chosen once more.
    input.value = '';
    await act.bringFiles(files);
  };
  const paste = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    void act.bringText(String(new FormData(form).get('text') ?? ''));
  };
  return html`<section class="bring" aria-label="Bring games here">
    <div class="bring-row">
      <label class="button">
        ${icons.open}<span>Open a file…</span>
        <input
          class="hidden"
          type="file"
          multiple
          accept=".pgn,.fen,.txt,.rook,.json,application/x-chess-pgn,application/vnd.chess-pgn,text/plain"
          @change=${pick}
        />
      </label>
      <button aria-expanded=${pasting ? 'true' : 'false'} @click=${() => act.openPasting(!pasting)}>
        ${icons.copy}Paste text
      </button>
      <p class="muted">PGN, FEN or a signed game; or drop it anywhere on the page.</p>
    </div>
    ${
      pasting
        ? html`<form class="bring-text" @submit=${paste}>
            <label for="bring-text">PGN, FEN or a link</label>
            <textarea
              id="bring-text"
              name="text"
              rows="6"
              spellcheck="false"
              ${ref(focusOnce)}
            ></textarea>
            <button class="primary">Open</button>
          </form>`
        : nothing
    }
    ${
      importing
        ? html`<div class="importing">
            <label for="importing">
              Reading ${importing.name}: ${importing.games}
              ${importing.games === 1 ? 'game' : 'games'}
            </label>
            <progress id="importing" max="1" value=${importing.done}></progress>
            <button @click=${act.stopImport}>Stop</button>
          </div>`
        : nothing
    }
  </section>`;
}

/** @param {Element | undefined} element */
function focusOnce(element) {
  if (element instanceof HTMLElement && document.activeElement !== element) {
    queueMicrotask(() => element.focus());
  }
}

/**
 * What came of a file, and what was deleted.
 *
 * @param {ArchiveState} archive
 * @param {Controller} act
 */
function reportView({ report, deleted }, act) {
  return html`
    ${
      report
        ? html`<div class="notice report" role=${report.failed ? 'alert' : 'status'}>
            <div>
              <p>${report.words}</p>
              ${
                report.details.length > 0
                  ? html`<ul>
                      ${report.details.map((detail) => html`<li>${detail}</li>`)}
                    </ul>`
                  : nothing
              }
            </div>
            <button class="icon-button" aria-label="Close" title="Close" @click=${act.closeReport}>
              ${icons.abort}
            </button>
          </div>`
        : nothing
    }
    ${
      deleted
        ? html`<div class="notice report" role="status">
            <p>${deleted}</p>
            <button @click=${act.undelete}>Undo</button>
          </div>`
        : nothing
    }
  `;
}

/**
 * @param {ArchiveState} archive
 * @param {Controller} act
 */
function lookView({ query }, act) {
  const chosen = (/** @type {Event} */ event) =>
    /** @type {HTMLSelectElement} */ (event.currentTarget).value;
  return html`<form
    class="look"
    role="search"
    @submit=${(/** @type {Event} */ event) => event.preventDefault()}
  >
    <label class="look-text">
      <span>Search</span>
      <input
        type="search"
        autocomplete="off"
        placeholder="A name, a result, a day"
        .value=${live(query.text)}
        @input=${(/** @type {InputEvent} */ event) => act.lookFor({ text: valueOf(event) })}
      />
    </label>
    <label>
      <span>Kind</span>
      <select
        @change=${(/** @type {Event} */ event) =>
          act.lookFor({ kind: /** @type {ArchiveKind | 'all'} */ (chosen(event)) })}
      >
        ${options({ all: 'All', ...KINDS }, query.kind)}
      </select>
    </label>
    <label>
      <span>Result</span>
      <select
        @change=${(/** @type {Event} */ event) =>
          act.lookFor({ outcome: /** @type {ArchiveEntry['outcome'] | 'all'} */ (chosen(event)) })}
      >
        ${options({ all: 'All', ...OUTCOMES }, query.outcome)}
      </select>
    </label>
    ${day('From', query.from, (from) => act.lookFor({ from }))}
    ${day('Until', query.to, (to) => act.lookFor({ to }))}
  </form>`;
}

/**
 * @param {Record<string, string>} names
 * @param {string} chosen
 */
const options = (names, chosen) =>
  Object.entries(names).map(
    ([value, name]) =>
      html`<option value=${value} .selected=${live(value === chosen)}>${name}</option>`,
  );

/**
 * @param {string} name
 * @param {string} value
 * @param {(day: string) => void} choose
 */
const day = (name, value, choose) =>
  html`<label>
    <span>${name}</span>
    <input
      type="date"
      .value=${live(value)}
      @change=${(/** @type {InputEvent} */ event) => choose(valueOf(event))}
    />
  </label>`;

/**
 * @param {ArchiveEntry[]} all
 * @param {ArchiveEntry[]} found
 * @param {number} shown
 * @param {Controller} act
 */
function listView(all, found, shown, act) {
  if (all.length === 0) {
    return html`<p class="card empty">
      No game is kept on this device yet. Each game that you play here, against whomever, is listed
      here by itself.
    </p>`;
  }
  const count = found.length === 1 ? '1 game' : `${found.length} games`;
  return html`
    <div class="found">
      <p role="status">${found.length === all.length ? count : `${count} of ${all.length}`}</p>
      <button class="quiet" ?disabled=${found.length === 0} @click=${act.exportFound}>
        ${icons.save}Export as PGN
      </button>
    </div>
    ${
      found.length > 0
        ? html`<ul class="card rows" role="list" aria-label="Games of this device">
            ${found.slice(0, shown).map((entry) => rowView(entry, act))}
          </ul>`
        : html`<p class="card empty">Nothing is found. Look for less, or for another day.</p>`
    }
    ${
      found.length > shown
        ? html`<button class="more" @click=${act.showMore}>
            Show more (${found.length - shown} left)
          </button>`
        : nothing
    }
  `;
}

/**
 * @param {ArchiveEntry} entry
 * @param {Controller} act
 */
function rowView(entry, act) {
  const { kind, side, title, status, moves, time, atMs, href, over } = entry;
  const facts = [status, movesWords(moves), time].filter(Boolean).join(' · ');
  const about = `${title}, ${dayWords(atMs)}`;
  // A game that another person waits in cannot be deleted; nor can an invitation that is still open to them.
  const mayGo = over || kind !== 'peer';
  return html`<li class="row">
    <a class="row-link" href=${href}>
      <span class="disc" data-colour=${side} aria-hidden="true"></span>
      <span class="row-text">
        <strong>${title}</strong>
        <small>${facts}</small>
      </span>
      <small class="row-day tabular">${dayWords(atMs)}</small>
      <span class="row-go">${over ? 'View' : 'Resume'}</span>
    </a>
    <button
      class="icon-button"
      aria-label=${`Delete ${about}`}
      title=${mayGo ? 'Delete' : 'A game that goes on cannot be deleted'}
      ?disabled=${!mayGo}
      @click=${() => act.deleteGame(entry)}
    >
      ${icons.bin}
    </button>
  </li>`;
}
