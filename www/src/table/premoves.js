// Premoves: moves that are given before their turn. Where a piece may be told to go, the position that several would lead
// to if the other side stood still, and whether one can be played once its turn has come.

import { attacks, pawnAttacks } from 'chessops/attacks';
import { makeFen, parseFen } from 'chessops/fen';
import { SquareSet } from 'chessops/squareSet';
import { makeSquare, parseSquare } from 'chessops/util';
import { canonicalUci, isPromotion, legalMove, position } from '../chess/rules.js';

/**
 * @import { Piece } from 'chessops'
 * @import { Setup } from 'chessops/setup'
 * @import { Colour } from '@rookery/peer'
 */

/**
 * @typedef {object} Premove
 * @property {string} from
 * @property {string} to In Chess960 a castling king goes to its rook.
 * @property {'q' | 'r' | 'b' | 'n'} [role] What a pawn becomes; a queen where nothing was said.
 *
 * @typedef {object} Imagined
 * @property {string} fen
 * @property {string[]} names One for each premove: `Ng1–f3`, `e7–e8=Q`.
 */

const PROMOTED = /** @type {const} */ ({ q: 'queen', r: 'rook', b: 'bishop', n: 'knight' });
const LETTERS = { pawn: '', knight: 'N', bishop: 'B', rook: 'R', queen: 'Q', king: 'K' };

/**
 * The rook with which a king castles when it is sent this way.
 *
 * @param {Setup} setup
 * @param {Piece} king
 * @param {number} from
 * @param {number} to
 * @param {boolean} chess960
 * @returns {number | null}
 */
function castlingRook({ castlingRights }, king, from, to, chess960) {
  if (king.role !== 'king' || from >> 3 !== to >> 3) return null;
  const own = castlingRights.intersect(SquareSet.backrank(king.color));
  if (chess960) return own.has(to) ? to : null;
  if (Math.abs(to - from) !== 2) return null;
  const rook = to > from ? own.last() : own.first();
  return rook !== undefined && rook > from === to > from ? rook : null;
}

/**
 * Where each piece of one side may be told to go: as it moves on an empty board, since nobody knows what will stand there
 * by then. Onto an own piece too: it may have been taken.
 *
 * @param {string} fen
 * @param {Colour} colour
 * @param {boolean} chess960
 * @returns {Record<string, string[]>} By origin square.
 */
export function premoveDests(fen, colour, chess960) {
  const setup = parseFen(fen).unwrap();
  const { board } = setup;
  const own = board.kingOf(colour);
  /** @type {Record<string, string[]>} */
  const dests = {};
  for (const from of board[colour]) {
    const piece = /** @type {Piece} */ (board.get(from));
    const squares = new Set(
      piece.role === 'pawn' ? pawnAttacks(colour, from) : attacks(piece, from, SquareSet.empty()),
    );
    if (piece.role === 'pawn') {
      const forward = colour === 'white' ? 8 : -8;
      squares.add(from + forward);
      if (from >> 3 === (colour === 'white' ? 1 : 6)) squares.add(from + 2 * forward);
    }
    if (piece.role === 'king') {
      for (let to = from & ~7; to <= (from | 7); to++) {
        if (to !== from && castlingRook(setup, piece, from, to, chess960) !== null) squares.add(to);
      }
    }
    // The own king is never taken, so nothing goes to its square.
    const possible = (/** @type {number} */ to) => to >= 0 && to < 64 && to !== own;
    dests[makeSquare(from)] = [...squares].filter(possible).map(makeSquare);
  }
  return dests;
}

/**
 * Puts the pieces where the premoves send them.
 *
 * @param {string} fen
 * @param {Colour} colour Whose premoves they are.
 * @param {readonly Premove[]} premoves Those that fit no piece move nothing.
 * @param {boolean} chess960
 * @returns {Imagined} With `colour` to move.
 */
export function imagine(fen, colour, premoves, chess960) {
  const setup = parseFen(fen).unwrap();
  const { board } = setup;
  const names = premoves.map((premove) => {
    const from = /** @type {number} */ (parseSquare(premove.from));
    const to = /** @type {number} */ (parseSquare(premove.to));
    const piece = board.get(from);
    const bare = `${premove.from}–${premove.to}`;
    if (piece?.color !== colour) return bare;
    const rook = castlingRook(setup, piece, from, to, chess960);
    board.take(from);
    if (rook !== null) {
      const short = rook > from;
      board.take(rook);
      board.set((from & ~7) + (short ? 6 : 2), piece);
      board.set((from & ~7) + (short ? 5 : 3), { role: 'rook', color: colour });
      setup.castlingRights = setup.castlingRights.diff(SquareSet.backrank(colour));
      return short ? 'O-O' : 'O-O-O';
    }
    const promotes = piece.role === 'pawn' && (to < 8 || to >= 56);
    const role = promotes ? PROMOTED[premove.role ?? 'q'] : piece.role;
    board.set(to, { role, color: colour });
    setup.castlingRights =
      piece.role === 'king'
        ? setup.castlingRights.diff(SquareSet.backrank(colour))
        : setup.castlingRights.without(from).without(to);
    return LETTERS[piece.role] + bare + (promotes ? `=${LETTERS[role]}` : '');
  });
  setup.turn = colour;
  setup.epSquare = undefined;
  return { fen: makeFen(setup), names };
}

/**
 * The move that a premove is once its turn has come.
 *
 * @param {string} fen The confirmed position.
 * @param {Premove} premove
 * @param {boolean} chess960
 * @returns {string | null} UCI; null where it is not legal.
 */
export function premoveUci(fen, { from, to, role }, chess960) {
  const becomes = isPromotion(fen, from, to) ? (role ?? 'q') : '';
  const pos = position(fen);
  const move = legalMove(pos, from + to + becomes);
  return move && canonicalUci(pos, move, chess960);
}
