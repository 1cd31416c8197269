// Moves as text: reading what a person types, writing what a screen reader should say, and PGN.

import { makeSan, parseSan } from 'chessops/san';
import { makePgn, defaultGame, extend } from 'chessops/pgn';
import { pgnDay } from './pgn-tags.js';
import { canonicalUci, INITIAL_FEN, legalMove, position } from './rules.js';

/** @import { Result } from '@rookery/peer' */

const UCI = /^([a-h][1-8])[-x ]?([a-h][1-8])=?([qrbnQRBN])?$/;

/**
 * Reads a move in SAN (`Nf3`, `exd5`, `0-0`, `e8=N`) or UCI (`g1f3`, `e7e8n`), forgiving small slips of typing.
 *
 * @param {string} fen The position it is played in.
 * @param {string} text
 * @param {boolean} [chess960]
 * @returns {{ uci: string } | { error: string }}
 */
export function readMove(fen, text, chess960 = false) {
  const pos = position(fen);
  const typed = text.trim().replace(/[!?+#]+$/, '');
  if (typed === '') return { error: 'Type a move, such as Nf3 or g1f3.' };
  const squares = UCI.exec(typed);
  if (squares) {
    const [, from, to, role] = squares;
    const move = legalMove(pos, from + to + (role ?? '').toLowerCase());
    if (move) return { uci: canonicalUci(pos, move, chess960) };
    if (!role && legalMove(pos, `${from}${to}q`)) {
      return { error: `Say what the pawn becomes: ${from}${to}q, r, b or n.` };
    }
    return { error: `${from}${to} is not possible here.` };
  }
  for (const san of spellings(typed)) {
    const move = parseSan(pos, san);
    if (move && pos.isLegal(move)) return { uci: canonicalUci(pos, move, chess960) };
  }
  if (/^([a-h]x)?[a-h][18]$/.test(typed) && parseSan(pos, `${typed}=Q`)) {
    return { error: `Say what the pawn becomes: ${typed}=Q, R, B or N.` };
  }
  if (/^[KQRBN]?[a-h]?[1-8]?x?[a-h][1-8]/.test(typed)) {
    return { error: `${typed} is not possible here, or could mean two moves.` };
  }
  return { error: `“${typed.slice(0, 12)}” is not a move. Try Nf3 or g1f3.` };
}

/**
 * Spellings of one typed move that are tried in turn. A lower-case b stays a pawn's file first, then a bishop.
 *
 * @param {string} typed
 */
function* spellings(typed) {
  yield typed;
  const castle = /^[0oO]-?[0oO](-?[0oO])?$/.exec(typed);
  if (castle) yield castle[1] ? 'O-O-O' : 'O-O';
  const promotion = /^((?:[a-h]x)?[a-h][18])[=(/]?([qrbnQRBN])\)?$/.exec(typed);
  if (promotion) yield `${promotion[1]}=${promotion[2].toUpperCase()}`;
  if (/^[kqrbn]/.test(typed)) yield typed[0].toUpperCase() + typed.slice(1);
}

const PIECES = /** @type {Record<string, string>} */ ({
  K: 'king',
  Q: 'queen',
  R: 'rook',
  B: 'bishop',
  N: 'knight',
});

/**
 * SAN in words, for the live region.
 *
 * @param {string} san `Nbxd2+`
 * @returns {string} `knight b takes d2, check`
 */
export function spokenSan(san) {
  const end = san.endsWith('#') ? ', checkmate' : san.endsWith('+') ? ', check' : '';
  const bare = san.replace(/[+#]$/, '');
  if (bare === 'O-O') return `castles short${end}`;
  if (bare === 'O-O-O') return `castles long${end}`;
  const [move, becomes] = bare.split('=');
  const piece = PIECES[move[0]];
  const rest = (piece ? move.slice(1) : move).replace('x', ' takes ');
  const spaced = rest.replace(/^([a-h]?[1-8]?)([a-h][1-8])$/, '$1 $2').trim();
  return `${piece ?? 'pawn'} ${spaced}${becomes ? `, becomes a ${PIECES[becomes]}` : ''}${end}`;
}

/**
 * An engine's line in SAN with move numbers.
 *
 * @param {string} fen
 * @param {string[]} ucis Cut off at the first illegal one.
 * @returns {string}
 */
export function sanLine(fen, ucis) {
  const pos = position(fen);
  const words = [];
  for (const uci of ucis) {
    const move = legalMove(pos, uci);
    if (!move) break;
    if (pos.turn === 'white') words.push(`${pos.fullmoves}.`);
    else if (words.length === 0) words.push(`${pos.fullmoves}…`);
    words.push(makeSan(pos, move));
    pos.play(move);
  }
  return words.join(' ');
}

/**
 * A game as PGN.
 *
 * @param {{ white: string, black: string, date: Date, startFen: string, chess960?: boolean, sans: string[],
 *   result: Result | null, event: string }} game Without a clock.
 * @returns {string}
 */
export function writePgn({ white, black, date, startFen, chess960, sans, result, event }) {
  const headers = new Map([
    ['Event', event],
    ['Site', 'Rookery'],
    ['Date', pgnDay(date)],
    ['Round', '-'],
    ['White', white],
    ['Black', black],
    ['Result', result?.outcome ?? '*'],
    ['TimeControl', '-'],
    ['Termination', !result ? 'unterminated' : result.reason === 'abort' ? 'abandoned' : 'normal'],
  ]);
  if (chess960) headers.set('Variant', 'Chess960');
  if (startFen !== INITIAL_FEN || chess960) headers.set('SetUp', '1').set('FEN', startFen);
  /** @type {ReturnType<typeof defaultGame<import('chessops/pgn').PgnNodeData>>} */
  const game = defaultGame(() => headers);
  extend(
    game.moves,
    sans.map((san) => ({ san })),
  );
  return makePgn(game);
}
