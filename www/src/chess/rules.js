// The rules of chess as the page needs them: a line of play, its positions, and how it ends. Nothing here draws or stores.

import { Chess } from 'chessops/chess';
import { INITIAL_FEN, makeFen, parseFen } from 'chessops/fen';
import { makeSan } from 'chessops/san';
import { makeSquare, makeUci, parseUci } from 'chessops/util';
import { castlingSide, normalizeMove } from 'chessops/chess';

/** @import { Move, SquareName } from 'chessops' */
/** @import { Colour, PlayedMove, Result } from '@rookery/peer' */

export { INITIAL_FEN };

/** Why a FEN is refused, by the code of the parser or of the rules. */
const FEN_WORDS = /** @type {Record<string, string>} */ ({
  ERR_FEN: 'This is not a FEN: a position is written in up to six fields.',
  ERR_BOARD: 'The first field must describe eight ranks of eight squares.',
  ERR_POCKETS: 'Pieces in hand belong to another variant.',
  ERR_TURN: 'The second field says who moves: w or b.',
  ERR_CASTLING: 'The third field says who may castle, such as KQkq, or - for nobody.',
  ERR_EP_SQUARE: 'The fourth field names the en passant square, or - for none.',
  ERR_REMAINING_CHECKS: 'A count of checks belongs to another variant.',
  ERR_HALFMOVES: 'The fifth field counts quiet half-moves: a whole number.',
  ERR_FULLMOVES: 'The sixth field counts moves: a whole number from 1.',
  ERR_EMPTY: 'The board is empty.',
  ERR_OPPOSITE_CHECK: 'The side that is not to move stands in check.',
  ERR_PAWNS_ON_BACKRANK: 'A pawn stands on the first or the last rank.',
  ERR_KINGS: 'Each side needs exactly one king.',
  ERR_VARIANT: 'This position cannot be played.',
});

/**
 * @param {string} fen Trusted to be legal; throws otherwise.
 * @returns {Chess}
 */
export function position(fen) {
  return Chess.fromSetup(parseFen(fen).unwrap()).unwrap();
}

/**
 * Reads a position that a person typed or a file brought.
 *
 * @param {string} text
 * @returns {{ fen: string, chess960: boolean, end: Result | null } | { error: string }} The FEN in its canonical spelling,
 *   whether its castling rights are possible in Chess960 only, and how the game is over in it; or one sentence.
 */
export function readPosition(text) {
  const setup = parseFen(text.trim().replace(/\s+/g, ' '));
  if (setup.isErr) return { error: FEN_WORDS[setup.error.message] ?? FEN_WORDS.ERR_FEN };
  const start = Chess.fromSetup(setup.value);
  if (start.isErr) return { error: FEN_WORDS[start.error.message] ?? FEN_WORDS.ERR_VARIANT };
  const fen = makeFen(start.value.toSetup());
  return { fen, chess960: !castlesAsUsual(start.value), end: endByRule(playLine(fen, [])) };
}

/**
 * @param {unknown} fen A stranger's.
 * @returns {string} In its canonical spelling; empty where it is no position.
 */
export function checkedFen(fen) {
  if (typeof fen !== 'string' || fen.length > 120) return '';
  const setup = parseFen(fen);
  return setup.isOk && Chess.fromSetup(setup.value).isOk ? makeFen(setup.value) : '';
}

/**
 * Checks a start position that a person typed.
 *
 * @param {string} text
 * @returns {{ fen: string, chess960: boolean } | { error: string }}
 */
export function checkStart(text) {
  const read = readPosition(text);
  if ('error' in read) return read;
  const { fen, chess960 } = read;
  return position(fen).isEnd()
    ? { error: 'In this position the game is already over.' }
    : { fen, chess960 };
}

/**
 * Whether whoever may still castle does so with the king on e and a rook on a or h.
 *
 * @param {Chess} pos
 */
function castlesAsUsual({ board, castles }) {
  return [...castles.castlingRights].every((rook) => {
    const king = board.kingOf(rook < 8 ? 'white' : 'black');
    return (rook % 8 === 0 || rook % 8 === 7) && king !== undefined && king % 8 === 4;
  });
}

/**
 * The one spelling of a move that the rest of the page uses: castling is the king's step of two squares, or in Chess960
 * its move onto the own rook.
 *
 * @param {Chess} pos
 * @param {Move} move
 * @param {boolean} chess960
 * @returns {string}
 */
export function canonicalUci(pos, move, chess960) {
  if (chess960) return makeUci(normalizeMove(pos, move));
  const side = castlingSide(pos, move);
  if (side && 'from' in move) {
    const rank = move.from & ~7;
    return makeSquare(move.from) + makeSquare(rank + (side === 'a' ? 2 : 6));
  }
  return makeUci(move);
}

/**
 * @param {Chess} pos
 * @param {string} uci
 * @returns {Move | null} Null when it is not legal here. A promotion must name its piece.
 */
export function legalMove(pos, uci) {
  const parsed = parseUci(uci);
  if (!parsed) return null;
  const move = normalizeMove(pos, parsed);
  return pos.isLegal(move) ? move : null;
}

/**
 * Legal destinations by origin square.
 *
 * @param {Chess} pos
 * @param {boolean} chess960
 * @returns {Record<string, string[]>}
 */
export function destinations(pos, chess960) {
  /** @type {Record<string, string[]>} */
  const dests = {};
  for (const [from, squares] of pos.allDests()) {
    const names = new Set();
    for (const to of squares) names.add(canonicalUci(pos, { from, to }, chess960).slice(2, 4));
    if (names.size > 0) dests[makeSquare(from)] = [...names];
  }
  return dests;
}

/**
 * Whether a pawn that goes this way must promote.
 *
 * @param {string} fen
 * @param {string} from
 * @param {string} to
 */
export function isPromotion(fen, from, to) {
  const square = parseUci(from + to);
  if (!square || !('from' in square)) return false;
  const piece = position(fen).board.get(square.from);
  return piece?.role === 'pawn' && (to[1] === '1' || to[1] === '8');
}

/**
 * @typedef {object} Line A start position and the legal moves after it.
 * @property {string} startFen
 * @property {boolean} chess960
 * @property {PlayedMove[]} moves
 * @property {Chess} pos The position at its end; treat it as read-only.
 */

/**
 * @param {string} startFen
 * @param {string[]} ucis
 * @param {boolean} [chess960]
 * @returns {Line} Cut off before the first move that is not legal.
 */
export function playLine(startFen, ucis, chess960 = false) {
  /** @type {Line} */
  let line = { startFen, chess960, moves: [], pos: position(startFen) };
  for (const uci of ucis) {
    const next = extendLine(line, uci);
    if (!next) break;
    line = next;
  }
  return line;
}

/**
 * @param {Line} line
 * @param {string} uci
 * @returns {Line | null} Null when the move is not legal at the end of the line.
 */
export function extendLine(line, uci) {
  const move = legalMove(line.pos, uci);
  if (!move) return null;
  const canonical = canonicalUci(line.pos, move, line.chess960);
  const san = makeSan(line.pos, move);
  const pos = line.pos.clone();
  pos.play(move);
  const fen = makeFen(pos.toSetup());
  const ply = line.moves.length + 1;
  return { ...line, moves: [...line.moves, { ply, uci: canonical, san, fen }], pos };
}

/**
 * How often the last position of the line has stood on the board, in the sense of the rules: same placement, side to
 * move, castling rights and possible en passant capture.
 *
 * @param {Line} line
 */
export function repetitions(line) {
  const key = (/** @type {string} */ fen) => fen.split(' ', 4).join(' ');
  const start = makeFen(position(line.startFen).toSetup());
  const last = key(line.moves.at(-1)?.fen ?? start);
  return [start, ...line.moves.map((move) => move.fen)].filter((fen) => key(fen) === last).length;
}

/**
 * The end that the rules give by themselves.
 *
 * @param {Line} line
 * @returns {Result | null}
 */
export function endByRule(line) {
  const { pos } = line;
  if (pos.isCheckmate()) {
    return { outcome: pos.turn === 'white' ? '0-1' : '1-0', reason: 'checkmate' };
  }
  const draw = (/** @type {string} */ reason) => ({
    outcome: /** @type {const} */ ('1/2-1/2'),
    reason,
  });
  if (pos.isStalemate()) return draw('stalemate');
  if (pos.isInsufficientMaterial()) return draw('dead-position');
  if (repetitions(line) >= 5) return draw('fivefold');
  if (pos.halfmoves >= 150) return draw('seventy-five');
  return null;
}

/**
 * A draw that the side to move may claim.
 *
 * @param {Line} line
 * @returns {'threefold' | 'fifty' | null}
 */
export function claim(line) {
  if (repetitions(line) >= 3) return 'threefold';
  if (line.pos.halfmoves >= 100) return 'fifty';
  return null;
}

/**
 * Material that each side is ahead, for the bars beside the board.
 *
 * @param {string} fen
 * @returns {{ white: SurplusPiece[], black: SurplusPiece[], lead: number }} `lead` in pawns, positive for White.
 *
 * @typedef {'queen' | 'rook' | 'bishop' | 'knight' | 'pawn'} SurplusPiece
 */
export function material(fen) {
  const worth = { queen: 9, rook: 5, bishop: 3, knight: 3, pawn: 1 };
  const letters = { queen: 'q', rook: 'r', bishop: 'b', knight: 'n', pawn: 'p' };
  const placement = fen.split(' ', 1)[0];
  const count = (/** @type {string} */ letter) => placement.split(letter).length - 1;
  /** @type {{ white: SurplusPiece[], black: SurplusPiece[], lead: number }} */
  const surplus = { white: [], black: [], lead: 0 };
  for (const role of /** @type {SurplusPiece[]} */ (Object.keys(worth))) {
    const diff = count(letters[role].toUpperCase()) - count(letters[role]);
    const side = diff > 0 ? surplus.white : surplus.black;
    for (let i = 0; i < Math.abs(diff); i++) side.push(role);
    surplus.lead += diff * worth[role];
  }
  return surplus;
}

/**
 * @param {Colour} colour
 * @returns {Colour}
 */
export const opposite = (colour) => (colour === 'white' ? 'black' : 'white');
