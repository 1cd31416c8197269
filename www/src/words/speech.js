// The board in words for those who listen: pieces and squares by their names, and the ways to call a square aloud.

import { parseFen } from 'chessops/fen';
import { makeSquare, parseSquare } from 'chessops/util';
import { colourName } from './words.js';

/**
 * @import { Piece, Role } from 'chessops'
 * @import { Colour } from '@rookery/peer'
 * @import { Settings } from '../device/settings.js'
 */

const FILES = 'abcdefgh';

/** What is called at each letter; letters that sound alike do not. */
const CALLED = {
  nato: ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel'],
  anna: ['anna', 'bella', 'cesar', 'david', 'eva', 'felix', 'gustav', 'hector'],
};

/**
 * Puts names for the letters of squares and of files that tell two pieces apart.
 *
 * @param {string} words
 * @param {Settings['squares']} way
 */
export function callSquares(words, way) {
  if (way === 'plain') return words;
  const called = (/** @type {string} */ letter) => CALLED[way][FILES.indexOf(letter)];
  return words
    .replace(/\b([a-h])([1-8])\b/g, (_, file, rank) => `${called(file)} ${rank}`)
    .replace(
      /\b(king|queen|rook|bishop|knight|pawn|[Ff]ile) ([a-h])\b/g,
      (_, before, file) => `${before} ${called(file)}`,
    );
}

/** @type {readonly Role[]} */
export const ROLES = ['king', 'queen', 'rook', 'bishop', 'knight', 'pawn'];

/**
 * What stands where.
 *
 * @param {string} fen
 * @returns {Map<string, Piece>} By square.
 */
export function placement(fen) {
  /** @type {Map<string, Piece>} */
  const pieces = new Map();
  const setup = parseFen(fen);
  if (setup.isErr) return pieces;
  for (const [square, piece] of setup.value.board) pieces.set(makeSquare(square), piece);
  return pieces;
}

/** @param {Piece | undefined} piece */
export const pieceWords = (piece) => (piece ? `${piece.color} ${piece.role}` : 'empty');

/**
 * @param {number} count
 * @param {string} noun
 */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/**
 * Squares of one kind of piece in the order of the files, as one reads along the board.
 *
 * @param {Map<string, Piece>} pieces
 * @param {Colour} colour
 * @param {Role} role
 */
const squaresOf = (pieces, colour, role) =>
  [...pieces]
    .filter(([, piece]) => piece.color === colour && piece.role === role)
    .map(([square]) => square)
    .sort();

/**
 * Where the pieces of a kind stand.
 *
 * @param {string} fen
 * @param {Role} role
 * @param {Colour | null} colour Null for both.
 */
export function roleWords(fen, role, colour) {
  const pieces = placement(fen);
  const sides = colour ? [colour] : /** @type {Colour[]} */ (['white', 'black']);
  return sides
    .map((side) => {
      const squares = squaresOf(pieces, side, role);
      if (squares.length === 0) return `No ${side} ${role}s.`;
      return `${colourName(side)} ${role}${squares.length > 1 ? 's' : ''}: ${squares.join(', ')}.`;
    })
    .join(' ');
}

/**
 * All that one side has.
 *
 * @param {string} fen
 * @param {Colour} colour
 */
export function sideWords(fen, colour) {
  const pieces = placement(fen);
  const parts = ROLES.map((role) => ({ role, squares: squaresOf(pieces, colour, role) }))
    .filter(({ squares }) => squares.length > 0)
    .map(({ role, squares }) => `${role}${squares.length > 1 ? 's' : ''} ${squares.join(' ')}`);
  return `${colourName(colour)}: ${parts.join(', ')}.`;
}

/**
 * @param {string} fen
 * @param {string} square
 */
export const squareWords = (fen, square) => {
  const piece = placement(fen).get(square);
  return piece ? `${square}: ${pieceWords(piece)}.` : `${square} is empty.`;
};

/**
 * What stands on a rank, from a to h, or on a file, from 1 to 8.
 *
 * @param {string} fen
 * @param {string} line `4` or `e`.
 */
export function lineWords(fen, line) {
  const isRank = /^[1-8]$/.test(line);
  const name = isRank ? `Rank ${line}` : `File ${line}`;
  const found = [...placement(fen)]
    .filter(([square]) => square.includes(line))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([square, piece]) => `${pieceWords(piece)} ${square}`);
  return found.length > 0 ? `${name}: ${found.join(', ')}.` : `${name} is empty.`;
}

/**
 * What each side has left, and who is ahead.
 *
 * @param {string} fen
 */
export function materialWords(fen) {
  const pieces = [...placement(fen).values()];
  const worth = { king: 0, queen: 9, rook: 5, bishop: 3, knight: 3, pawn: 1 };
  let lead = 0;
  const sides = /** @type {Colour[]} */ (['white', 'black']).map((colour) => {
    const own = pieces.filter((piece) => piece.color === colour);
    for (const { role } of own) lead += colour === 'white' ? worth[role] : -worth[role];
    const parts = ROLES.slice(1)
      .map((role) => ({ role, count: own.filter((piece) => piece.role === role).length }))
      .filter(({ count }) => count > 0)
      .map(({ role, count }) => counted(count, role));
    return `${colourName(colour)}: ${parts.join(', ') || 'only the king'}.`;
  });
  const ahead = lead > 0 ? 'White' : 'Black';
  const balance = lead === 0 ? 'Material is even.' : `${ahead} is ahead by ${Math.abs(lead)}.`;
  return `${sides.join(' ')} ${balance}`;
}

/** @param {string} square */
export const isSquare = (square) => parseSquare(square) !== undefined;
