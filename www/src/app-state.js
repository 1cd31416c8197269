// The page's whole state as one plain object, and the pure function that changes it. No drawing, no effects.

import { changeArchive, EMPTY_ARCHIVE } from './archive/archive-state.js';
import { NO_KEEPSAKE } from './archive/keepsake.js';
import { NOBODY } from './people/people.js';
import { DEFAULTS } from './device/settings.js';
import { callSquares } from './words/speech.js';
import { freshTable, reduceTable } from './table/table-state.js';

/**
 * @import { Connection, GameSummary, PlayerKey, Seek } from '@rookery/peer'
 * @import { Dialog, FormFields } from './dialog-state.js'
 * @import { ArchiveState } from './archive/archive-state.js'
 * @import { Route } from './route.js'
 * @import { Keepsake } from './archive/keepsake.js'
 * @import { WatchState } from './people/live-games.js'
 * @import { People } from './people/people.js'
 * @import { Tokens } from './people/tokens.js'
 * @import { Settings } from './device/settings.js'
 * @import { LocalRecord } from './table/local-game.js'
 * @import { Table, TableAction } from './table/table-state.js'
 * @import { Update } from './device/updates.js'
 */

/**
 * @typedef {object} PeerView What the page knows of its peer.
 * @property {'asleep' | 'starting' | 'ready' | 'failed'} status `asleep`: nobody has needed it yet.
 * @property {string} error One sentence, when it failed.
 * @property {PlayerKey | null} player
 * @property {boolean} writer
 * @property {Connection} connection
 * @property {Seek[]} seeks
 * @property {GameSummary[]} games
 *
 * @typedef {'auto' | 'light' | 'dark'} Theme
 *
 * @typedef {object} AppState
 * @property {Route} route
 * @property {Theme} theme
 * @property {Settings} settings
 * @property {People} people
 * @property {Tokens} tokens What opens private relays.
 * @property {PeerView} peer
 * @property {LocalRecord[]} localGames Newest first.
 * @property {ArchiveState} archive
 * @property {Keepsake} keepsake
 * @property {WatchState} watch
 * @property {{ level: number, name: string }[]} levels
 * @property {Dialog | null} dialog
 * @property {Table | null} table
 * @property {{ busy: boolean, error: string }} paste What became of the link or code that was entered.
 * @property {{ id: number, words: string } | null} toast
 * @property {Announcement[]} announcements For the live region, the newest last.
 * @property {Update} update Whether a new version of the page waits.
 *
 * @typedef {{ id: number, words: string }} Announcement
 *
 * @typedef {{ type: 'route', route: Route }
 *   | { type: 'theme', theme: Theme }
 *   | { type: 'settings', settings: Partial<Settings> }
 *   | { type: 'people', people: People }
 *   | { type: 'tokens', tokens: Tokens }
 *   | { type: 'peer', peer: Partial<PeerView> }
 *   | { type: 'local-games', games: LocalRecord[] }
 *   | { type: 'archive', fields: Partial<ArchiveState> }
 *   | { type: 'keepsake', fields: Partial<Keepsake> }
 *   | { type: 'watch', fields: Partial<WatchState> }
 *   | { type: 'levels', levels: { level: number, name: string }[] }
 *   | { type: 'dialog', dialog: Dialog | null }
 *   | { type: 'form', fields: FormFields }
 *   | { type: 'table-opening', kind: Table['kind'], id: string, wide?: boolean }
 *   | { type: 'table-closed' }
 *   | TableAction
 *   | { type: 'paste', busy: boolean, error: string }
 *   | { type: 'toast', id: number, words: string }
 *   | { type: 'toast-gone', id: number }
 *   | { type: 'update', update: Update }
 *   | { type: 'announce', words: string }} Action
 */

const NOTHING_PASTED = { busy: false, error: '' };

/** Not connected to anything. */
const NO_LINK = { relay: null, transport: null, rttMs: null, logBusy: false };

/** @satisfies {Partial<PeerView>} */
export const PEER_STARTING = {
  status: /** @type {const} */ ('starting'),
  /** @type {Connection} */
  connection: { ...NO_LINK, state: 'connecting', words: 'Connecting to a relay…' },
};

/** @satisfies {Partial<PeerView>} */
export const PEER_ASLEEP = {
  status: /** @type {const} */ ('asleep'),
  /** @type {Connection} */
  connection: {
    ...NO_LINK,
    state: 'offline',
    words: 'Not connected: the page connects when you play with others.',
  },
};

/**
 * @param {Route} route
 * @param {Theme} theme
 * @param {object} [kept] What this device keeps of earlier visits.
 * @param {Settings} [kept.settings]
 * @param {Keepsake} [kept.keepsake]
 * @param {PlayerKey[]} [kept.follows]
 * @param {People} [kept.people]
 * @param {Tokens} [kept.tokens]
 * @returns {AppState}
 */
export function initialState(
  route,
  theme,
  { settings = DEFAULTS, keepsake = NO_KEEPSAKE, follows = [], people = NOBODY, tokens = {} } = {},
) {
  return {
    route,
    theme,
    settings,
    people,
    tokens,
    peer: {
      ...PEER_STARTING,
      error: '',
      player: null,
      writer: true,
      seeks: [],
      games: [],
    },
    localGames: [],
    archive: EMPTY_ARCHIVE,
    keepsake,
    watch: { status: 'loading', words: '', games: [], follows },
    levels: [],
    dialog: null,
    table: null,
    paste: NOTHING_PASTED,
    toast: null,
    announcements: [],
    update: 'none',
  };
}

/** Announcements that can be read again. */
const ANNOUNCEMENTS_KEPT = 60;

/**
 * @param {AppState} state
 * @param {string} words
 * @returns {Announcement[]}
 */
function withAnnouncement({ announcements, settings }, words) {
  const id = (announcements.at(-1)?.id ?? 0) + 1;
  const spoken = callSquares(words, settings.squares);
  return [...announcements, { id, words: spoken }].slice(-ANNOUNCEMENTS_KEPT);
}

/**
 * @param {AppState} state
 * @param {Action} action
 * @returns {AppState}
 */
export function reduce(state, action) {
  switch (action.type) {
    case 'route':
      return { ...state, route: action.route, paste: NOTHING_PASTED, dialog: null };
    case 'theme':
      return { ...state, theme: action.theme };
    case 'settings':
      return { ...state, settings: { ...state.settings, ...action.settings } };
    case 'people':
      return { ...state, people: action.people };
    case 'tokens':
      return { ...state, tokens: action.tokens };
    case 'peer':
      return { ...state, peer: { ...state.peer, ...action.peer } };
    case 'local-games':
      return { ...state, localGames: action.games };
    case 'archive':
      return { ...state, archive: changeArchive(state.archive, action.fields) };
    case 'keepsake':
      return { ...state, keepsake: { ...state.keepsake, ...action.fields } };
    case 'watch':
      return { ...state, watch: { ...state.watch, ...action.fields } };
    case 'levels':
      return { ...state, levels: action.levels };
    case 'dialog':
      return { ...state, dialog: action.dialog };
    case 'form':
      return state.dialog
        ? {
            ...state,
            dialog: /** @type {Dialog} */ ({
              ...state.dialog,
              error: '',
              ...action.fields,
            }),
          }
        : state;
    case 'paste':
      return { ...state, paste: { busy: action.busy, error: action.error } };
    case 'toast':
      return { ...state, toast: { id: action.id, words: action.words } };
    case 'toast-gone':
      return state.toast?.id === action.id ? { ...state, toast: null } : state;
    case 'update':
      return { ...state, update: action.update };
    case 'announce':
      return { ...state, announcements: withAnnouncement(state, action.words) };
    case 'table-opening':
      return { ...state, table: freshTable(action.kind, action.id, action.wide) };
    case 'table-closed':
      return state.table ? { ...state, table: null } : state;
    default: {
      const table = state.table && reduceTable(state.table, action);
      return table === state.table ? state : { ...state, table };
    }
  }
}

/**
 * Which screen is drawn; the value of `data-screen`.
 *
 * @param {AppState} state
 * @returns {'home' | 'games' | 'watch' | 'opening' | 'failed' | 'waiting' | 'invitation' | 'game'}
 */
export function screen(state) {
  const { route, table, peer } = state;
  if (!('id' in route)) return route.screen;
  if (!table || table.status === 'opening') return 'opening';
  if (table.status === 'failed' || !table.game) return 'failed';
  if (table.game.phase !== 'open') return 'game';
  return table.game.creator === peer.player ? 'waiting' : 'invitation';
}
