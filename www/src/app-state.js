// The page's whole state as one plain object, and the pure function that changes it. No drawing, no effects.

import { NOBODY } from './people.js';
import { DEFAULTS } from './settings.js';
import { callSquares } from './speech.js';
import { freshTable, reduceTable } from './table-state.js';

/**
 * @import { Connection, GameSummary, PlayerKey, Seek } from '@rookery/peer'
 * @import { Dialog, FormFields } from './dialog-state.js'
 * @import { Route } from './route.js'
 * @import { People } from './people.js'
 * @import { Settings } from './settings.js'
 * @import { LocalRecord } from './local-game.js'
 * @import { Table, TableAction } from './table-state.js'
 */

/**
 * @typedef {object} PeerView What the page knows of its peer.
 * @property {'starting' | 'ready' | 'failed'} status
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
 * @property {PeerView} peer
 * @property {LocalRecord[]} localGames Newest first.
 * @property {{ level: number, name: string }[]} levels
 * @property {Dialog | null} dialog
 * @property {Table | null} table
 * @property {string} pasteError
 * @property {{ id: number, words: string } | null} toast
 * @property {Announcement[]} announcements For the live region, the newest last.
 *
 * @typedef {{ id: number, words: string }} Announcement
 *
 * @typedef {{ type: 'route', route: Route }
 *   | { type: 'theme', theme: Theme }
 *   | { type: 'settings', settings: Partial<Settings> }
 *   | { type: 'people', people: People }
 *   | { type: 'peer', peer: Partial<PeerView> }
 *   | { type: 'local-games', games: LocalRecord[] }
 *   | { type: 'levels', levels: { level: number, name: string }[] }
 *   | { type: 'dialog', dialog: Dialog | null }
 *   | { type: 'form', fields: FormFields }
 *   | { type: 'table-opening', kind: Table['kind'], id: string, wide?: boolean }
 *   | { type: 'table-closed' }
 *   | TableAction
 *   | { type: 'paste-error', words: string }
 *   | { type: 'toast', id: number, words: string }
 *   | { type: 'toast-gone', id: number }
 *   | { type: 'announce', words: string }} Action
 */

/**
 * @param {Route} route
 * @param {Theme} theme
 * @param {Settings} [settings]
 * @param {People} [people]
 * @returns {AppState}
 */
export function initialState(route, theme, settings = DEFAULTS, people = NOBODY) {
  return {
    route,
    theme,
    settings,
    people,
    peer: {
      status: 'starting',
      error: '',
      player: null,
      writer: true,
      connection: {
        state: 'connecting',
        words: 'Connecting to a relay…',
        relay: null,
        transport: null,
        rttMs: null,
        logBusy: false,
      },
      seeks: [],
      games: [],
    },
    localGames: [],
    levels: [],
    dialog: null,
    table: null,
    pasteError: '',
    toast: null,
    announcements: [],
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
      return { ...state, route: action.route, pasteError: '', dialog: null };
    case 'theme':
      return { ...state, theme: action.theme };
    case 'settings':
      return { ...state, settings: { ...state.settings, ...action.settings } };
    case 'people':
      return { ...state, people: action.people };
    case 'peer':
      return { ...state, peer: { ...state.peer, ...action.peer } };
    case 'local-games':
      return { ...state, localGames: action.games };
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
    case 'paste-error':
      return { ...state, pasteError: action.words };
    case 'toast':
      return { ...state, toast: { id: action.id, words: action.words } };
    case 'toast-gone':
      return state.toast?.id === action.id ? { ...state, toast: null } : state;
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
 * @returns {'home' | 'opening' | 'failed' | 'waiting' | 'invitation' | 'game'}
 */
export function screen(state) {
  const { route, table, peer } = state;
  if (route.screen === 'home') return 'home';
  if (!table || table.status === 'opening') return 'opening';
  if (table.status === 'failed' || !table.game) return 'failed';
  if (table.game.phase !== 'open') return 'game';
  return table.game.creator === peer.player ? 'waiting' : 'invitation';
}
