// A game or a position from outside as this device keeps it: read from PGN or FEN, checked move by move.

import { INITIAL_FEN } from 'chessops/fen';
import { emptyHeaders, parseVariant, PgnParser } from 'chessops/pgn';
import { parseSan } from 'chessops/san';
import { cleanLine } from '../table/chat.js';
import { canonicalUci, position, readPosition } from '../chess/rules.js';
import { MAX_GAME_CHARS } from './pgn-split.js';
import { shortKey } from '../words/words.js';

/**
 * @import { Chess } from 'chessops/chess'
 * @import { Game, PgnNodeData } from 'chessops/pgn'
 * @import { Result } from '@rookery/peer'
 */

/**
 * @typedef {object} ImportedEntry What a list shows of it.
 * @property {string} id 16 lower-case hex digits, made from the text: the same game twice is one.
 * @property {'game' | 'position'} kind
 * @property {number} importedMs Milliseconds since 1970.
 * @property {number | null} playedMs The day that the game names, as its noon.
 * @property {string} white
 * @property {string} black
 * @property {string} event
 * @property {Result} result
 * @property {number} plies
 *
 * @typedef {object} ImportedMoves What is needed to look at it.
 * @property {string} startFen
 * @property {boolean} chess960
 * @property {string[]} ucis
 * @property {string} pgn As it came, comments and variations with it; empty for a position.
 * @property {string} note Why it ends before its text does; empty where all could be read.
 * @property {{ white: string, black: string }} ratings As the file has them; may be empty.
 *
 * @typedef {ImportedEntry & ImportedMoves} ImportedRecord
 *
 * @typedef {{ record: ImportedRecord, problem: string } | { record: null, problem: string }} ReadGame
 */

/** What one game may cost, in the parser's own units; about one for each character and 100 for each move. */
const BUDGET = 3 * MAX_GAME_CHARS;
/** Longer games have never been played. */
const MAX_PLIES = 2000;
const NAME_CHARS = 60;
const SAN =
  /^(?:[NBKRQ]?[a-h]?[1-8]?[-x]?[a-h][1-8](?:=?[nbrqkNBRQK])?|[O0o]-[O0o](?:-[O0o])?)[+#]?$/;

/**
 * A name for what was imported: 64 bits of its text. Collisions by chance do not matter here, and by intent harm nobody else.
 *
 * @param {string} text
 */
export function contentId(text) {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  const mix = (/** @type {number} */ x, /** @type {number} */ y) =>
    (Math.imul(x ^ (x >>> 16), 2246822507) ^ Math.imul(y ^ (y >>> 13), 3266489909)) >>> 0;
  return [mix(a, b), mix(b, a)].map((half) => half.toString(16).padStart(8, '0')).join('');
}

/**
 * @param {string} text
 * @param {number} nowMs
 * @returns {{ record: ImportedRecord } | { error: string }}
 */
export function importFen(text, nowMs) {
  const read = readPosition(text);
  if ('error' in read) return read;
  const { fen, chess960, end } = read;
  const record = {
    ...{ id: contentId(fen), kind: /** @type {const} */ ('position'), importedMs: nowMs },
    ...{ playedMs: null, white: 'White', black: 'Black', event: '', plies: 0 },
    result: end ?? { outcome: /** @type {const} */ ('*'), reason: 'position' },
    ...{ startFen: fen, chess960, ucis: [], pgn: '', note: '', ratings: { white: '', black: '' } },
  };
  return { record };
}

/**
 * Reads one game. What can be played of it is kept; a sentence says what could not be.
 *
 * @param {string} text
 * @param {number} nowMs
 * @returns {ReadGame}
 */
export function importGame(text, nowMs) {
  if (text.length >= MAX_GAME_CHARS) {
    return { record: null, problem: 'A game of more than a million characters was left out.' };
  }
  const game = parse(text);
  if (!game) return { record: null, problem: 'A game with too much in it was left out.' };
  const { headers } = game;
  const names = { white: name(headers, 'White'), black: name(headers, 'Black') };
  const title = `${names.white} – ${names.black}`;
  if (headers.size === 0 && game.moves.children.length === 0) return { record: null, problem: '' };
  const start = startOf(headers);
  if ('error' in start) return { record: null, problem: `${title}: ${start.error}` };

  const { ucis, pos, stuck } = play(game, start, firstGarbage(text));
  const note = stuck ? `${stuck} cannot be played: the game is kept up to there.` : '';
  const record = {
    ...{ id: contentId(text.trim()), kind: /** @type {const} */ ('game'), importedMs: nowMs },
    ...{ playedMs: dayOf(headers), ...names, event: field(headers, 'Event') },
    result: resultOf(headers, note ? null : pos),
    ...{ plies: ucis.length, startFen: start.fen, chess960: start.chess960, ucis, pgn: text, note },
    ratings: { white: field(headers, 'WhiteElo'), black: field(headers, 'BlackElo') },
  };
  return { record, problem: note && `${title}: ${note}` };
}

/**
 * @param {string} text
 * @returns {Game<PgnNodeData> | null} Null where the text asks for more work than any game.
 */
function parse(text) {
  /** @type {Game<PgnNodeData> | null} */
  let first = null;
  let failed = false;
  const parser = new PgnParser(
    (game, error) => {
      first ??= game;
      failed ||= error !== undefined;
    },
    emptyHeaders,
    BUDGET,
  );
  parser.parse(text);
  return failed ? null : first;
}

/** @param {Map<string, string>} headers @param {string} key */
function field(headers, key) {
  const text = cleanLine(headers.get(key) ?? '').slice(0, NAME_CHARS);
  return /^[?.\-\s]*$/.test(text) ? '' : text;
}

/** @param {Map<string, string>} headers @param {'White' | 'Black'} key */
function name(headers, key) {
  const written = headers.get(key) ?? '';
  // A signed game names its players by their keys.
  return /^[0-9a-f]{64}$/.test(written)
    ? `Player ${shortKey(written)}`
    : field(headers, key) || key;
}

/**
 * @param {Map<string, string>} headers
 * @returns {{ fen: string, chess960: boolean } | { error: string }}
 */
function startOf(headers) {
  const variant = headers.get('Variant');
  if (parseVariant(variant) !== 'chess') {
    const called = cleanLine(variant ?? '').slice(0, 30);
    return { error: `“${called}” has rules of its own; only chess and Chess960 can be shown.` };
  }
  const chess960 = /960|fischer/i.test(variant ?? '');
  const fen = headers.get('FEN');
  if (!fen) return { fen: INITIAL_FEN, chess960 };
  const read = readPosition(fen);
  if ('error' in read) return { error: `its start position is impossible. ${read.error}` };
  return { fen: read.fen, chess960: chess960 || read.chess960 };
}

/**
 * @param {Game<PgnNodeData>} game
 * @param {{ fen: string, chess960: boolean }} start
 * @param {{ before: number, token: string } | null} garbage
 */
function play(game, { fen, chess960 }, garbage) {
  const pos = position(fen);
  /** @type {string[]} */
  const ucis = [];
  const stuckAt = (/** @type {string} */ token) =>
    `${pos.fullmoves}${pos.turn === 'white' ? '.' : '…'} ${cleanLine(token).slice(0, 12)}`;
  for (const { san } of game.moves.mainline()) {
    if (garbage?.before === ucis.length) return { ucis, pos, stuck: stuckAt(garbage.token) };
    const move = ucis.length < MAX_PLIES && parseSan(pos, san);
    if (!move) return { ucis, pos, stuck: stuckAt(san) };
    ucis.push(canonicalUci(pos, move, chess960));
    pos.play(move);
  }
  const left = garbage && garbage.before >= ucis.length;
  return { ucis, pos, stuck: left ? stuckAt(garbage.token) : '' };
}

/**
 * The parser passes over what it cannot read, and the moves behind it would be played by the wrong side.
 *
 * @param {string} text
 * @returns {{ before: number, token: string } | null} The first word of the main line that is no move, and how many moves
 *   stand before it.
 */
function firstGarbage(text) {
  const moves = mainText(text.replace(/^\s*\[[^\n]*\]\s*$/gm, ''));
  let before = 0;
  const words = moves.replace(/\$\d+|[?!]+|\d+\.+|e\.p\.|[–—]/g, (part) =>
    /[–—]/.test(part) ? '-' : ' ',
  );
  for (const token of words.split(/\s+/)) {
    if (token === '' || /^(?:\d+|\.+|\*|1-0|0-1|1\/2-1\/2|\+[-=/]|-\+|=|∞|[+=]+)$/.test(token))
      continue;
    if (!SAN.test(token)) return { before, token };
    before += 1;
  }
  return null;
}

/**
 * Without comments and variations.
 *
 * @param {string} moves
 */
function mainText(moves) {
  let [kept, depth] = ['', 0];
  for (const part of moves.match(/\{[^}]*\}?|;[^\n]*|[()]|[^(){;]+/g) ?? []) {
    if (part === '(') depth += 1;
    else if (part === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0 && part[0] !== '{' && part[0] !== ';') kept += ` ${part}`;
  }
  return kept;
}

/** @param {Map<string, string>} headers */
function dayOf(headers) {
  const found = /^(\d{4})\.(\d\d|\?\?)\.(\d\d|\?\?)$/.exec(
    headers.get('Date') ?? headers.get('UTCDate') ?? '',
  );
  if (!found) return null;
  const [year, month, day] = found.slice(1).map((part) => Number(part.replace('??', '1')));
  const at = new Date(year, month - 1, day, 12);
  return at.getFullYear() === year && at.getMonth() === month - 1 ? at.getTime() : null;
}

/**
 * @param {Map<string, string>} headers
 * @param {Chess | null} pos Null where the moves are not all there.
 * @returns {Result}
 */
function resultOf(headers, pos) {
  const stated = /** @type {Result['outcome']} */ (headers.get('Result') ?? '*');
  if (pos?.isCheckmate())
    return { outcome: pos.turn === 'white' ? '0-1' : '1-0', reason: 'checkmate' };
  if (pos?.isStalemate()) return { outcome: '1/2-1/2', reason: 'stalemate' };
  if (stated === '*') return { outcome: '*', reason: 'unfinished' };
  const late = /time/i.test(headers.get('Termination') ?? '');
  return { outcome: stated, reason: late && stated !== '1/2-1/2' ? 'timeout' : 'imported' };
}
