// The page's whole state as one plain object, and the pure function that changes it. No drawing, no effects.

/**
 * @import { ClockReading, Colour, Connection, GameState, GameSummary, PlayerKey, Seek } from '@rookery/peer'
 * @import { Route } from './route.js'
 * @import { ComputerRecord } from './computer-game.js'
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
 * @typedef {object} Promotion A pawn that stands before the last rank's door.
 * @property {string} from
 * @property {string} to
 * @property {Colour} colour
 *
 * @typedef {object} AnalysisLine
 * @property {string} score `+0.35`, `#4`, from White's side.
 * @property {string} san
 *
 * @typedef {object} AnalysisView
 * @property {string} fen The position the lines belong to.
 * @property {number} depth Plies.
 * @property {AnalysisLine[]} lines
 * @property {string} error
 *
 * @typedef {object} Table The game on screen.
 * @property {'peer' | 'computer'} kind
 * @property {string} id
 * @property {'opening' | 'ready' | 'failed'} status
 * @property {string} error
 * @property {string} link The invitation, for a peer's game.
 * @property {GameState | null} game
 * @property {string | null} computer Strength of the computer that plays here, in words.
 * @property {boolean} thinking
 * @property {ClockReading} clocks
 * @property {number | null} shownPly The ply on the board; null follows the game.
 * @property {boolean} flipped
 * @property {Promotion | null} promotion
 * @property {boolean} confirmingResign
 * @property {boolean} joining
 * @property {string} moveText
 * @property {string} moveError
 * @property {number} boardEpoch Grows when the board must forget a move that was not accepted.
 * @property {AnalysisView | null} analysis
 *
 * @typedef {object} ComputerForm
 * @property {'computer'} kind
 * @property {number} level 1 to 8.
 * @property {Colour | 'random'} colour
 * @property {string} fen
 * @property {string} error
 *
 * @typedef {object} CreateForm
 * @property {'create'} kind
 * @property {string} preset Id of a preset, or `custom`.
 * @property {string} minutes
 * @property {string} increment Seconds.
 * @property {Colour | 'random'} colour
 * @property {boolean} takebacks
 * @property {boolean} listed
 * @property {string} error
 * @property {boolean} busy
 *
 * @typedef {'auto' | 'light' | 'dark'} Theme
 *
 * @typedef {object} AppState
 * @property {Route} route
 * @property {Theme} theme
 * @property {PeerView} peer
 * @property {ComputerRecord[]} computerGames Newest first.
 * @property {{ level: number, name: string }[]} levels
 * @property {ComputerForm | CreateForm | null} dialog
 * @property {Table | null} table
 * @property {string} pasteError
 * @property {{ id: number, words: string } | null} toast
 * @property {string} announcement For the live region.
 *
 * @typedef {{ type: 'route', route: Route }
 *   | { type: 'theme', theme: Theme }
 *   | { type: 'peer', peer: Partial<PeerView> }
 *   | { type: 'computer-games', games: ComputerRecord[] }
 *   | { type: 'levels', levels: { level: number, name: string }[] }
 *   | { type: 'dialog', dialog: ComputerForm | CreateForm | null }
 *   | { type: 'form', fields: Partial<Omit<ComputerForm, 'kind'>> & Partial<Omit<CreateForm, 'kind'>> }
 *   | { type: 'table-opening', kind: 'peer' | 'computer', id: string }
 *   | { type: 'table-failed', id: string, error: string }
 *   | { type: 'table-game', id: string, game: GameState, clocks: ClockReading, link: string, computer: string | null,
 *       thinking: boolean }
 *   | { type: 'table-closed' }
 *   | { type: 'clocks', clocks: ClockReading }
 *   | { type: 'table', fields: Partial<Pick<Table, 'flipped' | 'promotion' | 'confirmingResign' | 'joining'
 *       | 'moveText' | 'moveError' | 'analysis'>> }
 *   | { type: 'show-ply', ply: number }
 *   | { type: 'board-reset' }
 *   | { type: 'paste-error', words: string }
 *   | { type: 'toast', id: number, words: string }
 *   | { type: 'toast-gone', id: number }
 *   | { type: 'announce', words: string }} Action
 */

/** @type {ClockReading} */
export const NO_CLOCKS = { whiteMs: null, blackMs: null, running: null, firstMoveMs: null };

/**
 * @param {Route} route
 * @param {Theme} theme
 * @returns {AppState}
 */
export function initialState(route, theme) {
  return {
    route,
    theme,
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
    computerGames: [],
    levels: [],
    dialog: null,
    table: null,
    pasteError: '',
    toast: null,
    announcement: '',
  };
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
    case 'peer':
      return { ...state, peer: { ...state.peer, ...action.peer } };
    case 'computer-games':
      return { ...state, computerGames: action.games };
    case 'levels':
      return { ...state, levels: action.levels };
    case 'dialog':
      return { ...state, dialog: action.dialog };
    case 'form':
      return state.dialog
        ? {
            ...state,
            dialog: /** @type {ComputerForm | CreateForm} */ ({
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
      return { ...state, announcement: action.words };
    case 'table-opening':
      return { ...state, table: freshTable(action.kind, action.id) };
    case 'table-closed':
      return state.table ? { ...state, table: null } : state;
    default: {
      const table = state.table && reduceTable(state.table, action);
      return table === state.table ? state : { ...state, table };
    }
  }
}

/**
 * @param {'peer' | 'computer'} kind
 * @param {string} id
 * @returns {Table}
 */
function freshTable(kind, id) {
  return {
    kind,
    id,
    status: 'opening',
    error: '',
    link: '',
    game: null,
    computer: null,
    thinking: false,
    clocks: NO_CLOCKS,
    shownPly: null,
    flipped: false,
    promotion: null,
    confirmingResign: false,
    joining: false,
    moveText: '',
    moveError: '',
    boardEpoch: 0,
    analysis: null,
  };
}

/**
 * @param {Table} table
 * @param {Action} action
 * @returns {Table}
 */
function reduceTable(table, action) {
  switch (action.type) {
    case 'table-failed':
      return table.id === action.id ? { ...table, status: 'failed', error: action.error } : table;
    case 'table-game':
      return table.id === action.id ? receiveGame(table, action) : table;
    case 'clocks': {
      const { clocks } = action;
      const same =
        clocks.whiteMs === table.clocks.whiteMs &&
        clocks.blackMs === table.clocks.blackMs &&
        clocks.running === table.clocks.running &&
        clocks.firstMoveMs === table.clocks.firstMoveMs;
      return same ? table : { ...table, clocks };
    }
    case 'table':
      return { ...table, ...action.fields };
    case 'show-ply': {
      const last = livePly(table);
      const ply = Math.min(Math.max(0, action.ply), last);
      return { ...table, shownPly: ply === last ? null : ply, promotion: null };
    }
    case 'board-reset':
      return { ...table, boardEpoch: table.boardEpoch + 1, promotion: null };
    default:
      return table;
  }
}

/**
 * A new snapshot. Looking at the past goes on undisturbed; what no longer fits the position is dropped.
 *
 * @param {Table} table
 * @param {Extract<Action, { type: 'table-game' }>} action
 * @returns {Table}
 */
function receiveGame(table, { game, clocks, link, computer, thinking }) {
  const moved = game.fen !== table.game?.fen;
  const taken = table.shownPly !== null && table.shownPly >= game.ply;
  return {
    ...table,
    status: 'ready',
    error: '',
    game,
    clocks,
    link,
    computer,
    thinking,
    shownPly: taken ? null : table.shownPly,
    promotion: moved || !game.can.move ? null : table.promotion,
    confirmingResign: table.confirmingResign && game.can.resign,
    joining: table.joining && game.phase === 'open' && game.seat !== 'refused',
    moveError: moved ? '' : table.moveError,
  };
}

/**
 * The newest ply that can be shown: the confirmed one, or one more while an own move is on its way.
 *
 * @param {Table} table
 */
export function livePly(table) {
  if (!table.game) return 0;
  return table.game.ply + (table.game.pending ? 1 : 0);
}

/**
 * The position on the board and the move that led to it.
 *
 * @param {Table} table Ready: it has a game.
 * @returns {{ fen: string, ply: number, uci: string | null, live: boolean, pending: boolean }}
 */
export function shown(table) {
  const game = /** @type {GameState} */ (table.game);
  if (table.shownPly === null && game.pending) {
    const { fen, uci } = game.pending;
    return { fen, uci, ply: game.ply + 1, live: true, pending: true };
  }
  const ply = table.shownPly ?? game.ply;
  const move = ply > 0 ? game.moves[ply - 1] : undefined;
  return {
    fen: table.shownPly === null ? game.fen : (move?.fen ?? game.startFen),
    uci: move?.uci ?? null,
    ply,
    live: table.shownPly === null,
    pending: false,
  };
}

/**
 * Whose side is at the bottom of the board.
 *
 * @param {Table} table
 * @returns {Colour}
 */
export function orientation(table) {
  const home = table.game?.you === 'black' ? 'black' : 'white';
  if (!table.flipped) return home;
  return home === 'white' ? 'black' : 'white';
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
