// The game on screen as part of the page's state: what it is, what changes it, and what of it the board shows.

import { hear, quietChat, say } from './chat.js';
import { imagine } from './premoves.js';
import { NO_REMATCH } from './rematch.js';

/**
 * @import { ClockReading, Colour, GameState } from '@rookery/peer'
 * @import { Chat } from './chat.js'
 * @import { Origin } from '../archive/imported-game.js'
 * @import { Premove } from './premoves.js'
 * @import { Rematch } from './rematch.js'
 */

/**
 * @typedef {object} Promotion A pawn that stands before the last rank's door.
 * @property {string} from
 * @property {string} to
 * @property {Colour} colour
 *
 * @typedef {object} Candidate A move that stands on the board and is not played before it is confirmed.
 * @property {string} uci
 * @property {string} san
 * @property {string} fen
 *
 * @typedef {object} Hint What the engine would play.
 * @property {string} uci
 * @property {string} san
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
 * @typedef {object} Table
 * @property {'peer' | 'computer' | 'board' | 'import'} kind
 * @property {string} id
 * @property {'opening' | 'ready' | 'failed'} status
 * @property {string} error
 * @property {string} link The invitation, for a peer's game.
 * @property {boolean} openLink The invitation carries the word of its private relay.
 * @property {{ text: string, untilMs: number } | null} code To type in place of the link, and by this device's clock how long it holds.
 * @property {GameState | null} game
 * @property {string | null} computer Strength of the computer that plays here, in words.
 * @property {Origin | null} origin Of a game from a file: who played, and where it is from.
 * @property {boolean} thinking
 * @property {boolean} turning At one board: it shows the side to move from below.
 * @property {ClockReading} clocks
 * @property {number | null} shownPly The ply on the board; null follows the game.
 * @property {boolean} flipped
 * @property {Promotion | null} promotion
 * @property {Candidate | null} candidate
 * @property {Premove[]} premoves Played one by one as the turns come; only while the game goes on.
 * @property {number} premoveAt The ply of the confirmed position in which the first of them is to be played.
 * @property {'resign' | 'draw' | null} question What is asked before it is done.
 * @property {Hint | null} hint
 * @property {boolean} hinting
 * @property {boolean} joining
 * @property {string} cursor The square on which the keyboard is.
 * @property {string | null} picked The square of the piece that the keyboard picked up.
 * @property {boolean} unanswered Nobody has answered the wish to sit down for a while.
 * @property {string} obstacle Why a game of others cannot be opened yet; it is tried again.
 * @property {Chat} chat
 * @property {Rematch} rematch
 * @property {string} moveText
 * @property {string} moveError
 * @property {number} boardEpoch Grows when the board must forget a move that was not accepted.
 * @property {AnalysisView | null} analysis
 *
 * @typedef {Partial<Pick<Table, 'flipped' | 'promotion' | 'candidate' | 'question' | 'hint' | 'hinting' | 'rematch' | 'joining' | 'cursor' | 'picked' | 'moveText' | 'moveError'
 *   | 'analysis' | 'unanswered' | 'obstacle' | 'code'
 *   | 'openLink'>>} TableFields What a wish may set as it is.
 *
 * @typedef {{ type: 'table-failed', id: string, error: string }
 *   | { type: 'table-game', id: string, game: GameState, clocks: ClockReading, link: string, computer: string | null,
 *       origin: Origin | null, thinking: boolean, turning: boolean }
 *   | { type: 'clocks', clocks: ClockReading }
 *   | { type: 'table', fields: TableFields }
 *   | { type: 'show-ply', ply: number }
 *   | { type: 'candidate', candidate: Candidate }
 *   | { type: 'premove', premove: Premove }
 *   | { type: 'premove-taken' }
 *   | { type: 'plans-cancelled' }
 *   | { type: 'heard' | 'said', by: Colour, text: string, nowMs: number }
 *   | { type: 'chat', fields: Partial<Chat> }
 *   | { type: 'board-reset' }} TableAction
 */

/** @type {ClockReading} */
export const NO_CLOCKS = { whiteMs: null, blackMs: null, running: null, firstMoveMs: null };

/** Premoves that wait at most. */
export const MAX_PREMOVES = 12;

/**
 * @param {Table['kind']} kind
 * @param {string} id
 * @param {boolean} [wide] There is room for the chat beside the game.
 * @returns {Table}
 */
export function freshTable(kind, id, wide = false) {
  return {
    kind,
    id,
    status: 'opening',
    error: '',
    link: '',
    openLink: false,
    code: null,
    game: null,
    computer: null,
    origin: null,
    thinking: false,
    turning: false,
    clocks: NO_CLOCKS,
    shownPly: null,
    flipped: false,
    promotion: null,
    candidate: null,
    premoves: [],
    premoveAt: 0,
    question: null,
    hint: null,
    hinting: false,
    joining: false,
    cursor: 'e2',
    picked: null,
    unanswered: false,
    obstacle: '',
    chat: quietChat(wide),
    rematch: NO_REMATCH,
    moveText: '',
    moveError: '',
    boardEpoch: 0,
    analysis: null,
  };
}

/**
 * @param {Table} table
 * @param {TableAction} action
 * @returns {Table}
 */
export function reduceTable(table, action) {
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
    case 'candidate':
      return {
        ...table,
        candidate: action.candidate,
        shownPly: null,
        promotion: null,
        moveText: '',
        moveError: '',
      };
    case 'premove':
      return table.premoves.length < MAX_PREMOVES
        ? {
            ...table,
            premoves: [...table.premoves, action.premove],
            // After the own move on the board and the other side's answer to it.
            premoveAt: table.premoves.length > 0 ? table.premoveAt : livePly(table) + 1,
            moveText: '',
            moveError: '',
          }
        : table;
    case 'premove-taken':
      return { ...table, premoves: table.premoves.slice(1), premoveAt: table.premoveAt + 2 };
    case 'plans-cancelled':
      return table.premoves.length > 0 || table.candidate
        ? { ...table, premoves: [], candidate: null }
        : table;
    case 'heard':
      return { ...table, chat: hear(table.chat, action.by, action.text, action.nowMs) };
    case 'said':
      return { ...table, chat: say(table.chat, action.by, action.text, action.nowMs) };
    case 'chat':
      return { ...table, chat: { ...table.chat, ...action.fields } };
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
 * @param {Extract<TableAction, { type: 'table-game' }>} action
 * @returns {Table}
 */
function receiveGame(table, { game, clocks, link, computer, origin, thinking, turning }) {
  const moved = game.fen !== table.game?.fen;
  // Taken back, over, or the own move before them was not accepted.
  const stale =
    game.ply < (table.game?.ply ?? 0) ||
    game.phase !== 'playing' ||
    (game.can.move && game.ply !== table.premoveAt);
  const taken = table.shownPly !== null && table.shownPly >= game.ply;
  return {
    ...table,
    status: 'ready',
    error: '',
    game,
    clocks,
    link,
    computer,
    origin,
    thinking,
    turning,
    shownPly: taken ? null : table.shownPly,
    promotion: moved || !game.can.move ? null : table.promotion,
    candidate: moved || !game.can.move ? null : table.candidate,
    premoves: stale ? [] : table.premoves,
    question: game.can.resign ? table.question : null,
    hint: moved ? null : table.hint,
    hinting: table.hinting && !moved,
    joining: table.joining && game.phase === 'open' && game.seat !== 'refused',
    moveError: moved ? '' : table.moveError,
  };
}

/**
 * The newest ply that can be shown: the confirmed one, or one more while an own move is on its way or asked about.
 *
 * @param {Table} table
 */
export function livePly(table) {
  if (!table.game) return 0;
  return table.game.ply + (table.game.pending || table.candidate ? 1 : 0);
}

/**
 * @typedef {object} Shown The position on the board and the move that led to it.
 * @property {string} fen
 * @property {number} ply
 * @property {string | null} uci
 * @property {boolean} live Follows the game; false when looking at the past.
 * @property {boolean} pending An own move that is not confirmed: by a receipt, or by the player.
 */

/**
 * The position on the board as it was played, without what is only planned.
 *
 * @param {Table} table Ready: it has a game.
 * @returns {Shown}
 */
export function shown(table) {
  const game = /** @type {GameState} */ (table.game);
  const unconfirmed = game.pending ?? table.candidate;
  if (table.shownPly === null && unconfirmed) {
    const { fen, uci } = unconfirmed;
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
 * The position that the premoves would lead to if the other side stood still, with their names.
 *
 * @param {Table} table Ready: it has a game.
 * @returns {import('./premoves.js').Imagined | null} Null where there are none.
 */
export function imagined(table) {
  const { game, premoves } = table;
  if (!game?.you || premoves.length === 0) return null;
  const fen = game.pending?.fen ?? game.fen;
  return imagine(fen, game.you, premoves, game.variant === 'chess960');
}

/**
 * Whether a move that is given now waits for its turn.
 *
 * @param {Table} table
 * @param {boolean} writer Whether this tab may sign.
 */
export function mayPremove({ kind, game }, writer) {
  if (!game?.you || game.phase !== 'playing' || game.can.move) return false;
  // An own move that is being stored is neither on the board nor on its way yet.
  if (game.turn === game.you && !game.pending) return false;
  return kind === 'computer' || (kind === 'peer' && writer && game.seat === 'seated');
}

/**
 * The colour the creator takes; null while it is to be drawn.
 *
 * @param {GameState} game
 * @returns {Colour | null}
 */
export function creatorColour(game) {
  if (game.white === game.creator) return 'white';
  if (game.black === game.creator) return 'black';
  return null;
}

/**
 * Where the reader of words about the game sits: nowhere, where two people share the device.
 *
 * @param {Table} table
 * @returns {Colour | null}
 */
export const reader = ({ kind, game }) => (kind === 'board' ? null : (game?.you ?? null));

/**
 * Whose side is at the bottom of the board: the own one, or the one that an invitation offers.
 *
 * @param {Table} table
 * @returns {Colour}
 */
export function orientation(table) {
  const { game, kind, turning } = table;
  const offered = game?.phase === 'open' && game.you === null && creatorColour(game) === 'white';
  const black = kind === 'board' ? turning && game?.phase === 'playing' : true;
  const home = (game?.you === 'black' && black) || offered ? 'black' : 'white';
  if (!table.flipped) return home;
  return home === 'white' ? 'black' : 'white';
}
