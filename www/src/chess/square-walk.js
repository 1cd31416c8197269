// Where a key leads on the board: one square on, along a rank or a file, or to the next piece of a kind.

/**
 * @import { Piece, Role } from 'chessops'
 * @import { Colour } from '@rookery/peer'
 */

const FILES = 'abcdefgh';

/** @type {Record<string, Role>} */
const ROLE_KEYS = { k: 'king', q: 'queen', r: 'rook', b: 'bishop', n: 'knight', p: 'pawn' };

/** @type {Record<string, [number, number]>} Files and ranks, as White sees them. */
const STEPS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  Home: [-7, 0],
  End: [7, 0],
  PageUp: [0, 7],
  PageDown: [0, -7],
};

const within = (/** @type {number} */ n) => Math.min(7, Math.max(0, n));

/**
 * @param {string} square
 * @param {{ key: string, code: string, shiftKey: boolean }} pressed
 * @param {Colour} bottom The side at the bottom of the board.
 * @param {Map<string, Piece>} pieces
 * @returns {string | null} Null for a key that leads nowhere. At the board's edge the square itself.
 */
export function walk(square, { key, code, shiftKey }, bottom, pieces) {
  const file = FILES.indexOf(square[0]);
  const rank = Number(square[1]) - 1;
  const step = STEPS[key];
  if (step) {
    const sign = bottom === 'white' ? 1 : -1;
    return FILES[within(file + sign * step[0])] + (within(rank + sign * step[1]) + 1);
  }
  const digit = Number(/^(?:Digit|Numpad)([1-8])$/.exec(code)?.[1] ?? 0);
  if (digit) return shiftKey ? FILES[digit - 1] + square[1] : square[0] + digit;
  const role = ROLE_KEYS[key.toLowerCase()];
  return role ? nextPiece(square, role, shiftKey, pieces) : null;
}

/**
 * The next piece of a kind along the ranks, from a1 to h8 and round again.
 *
 * @param {string} square
 * @param {Role} role
 * @param {boolean} back
 * @param {Map<string, Piece>} pieces
 */
function nextPiece(square, role, back, pieces) {
  const order = (/** @type {string} */ name) => Number(name[1]) * 8 + FILES.indexOf(name[0]);
  const found = [...pieces]
    .filter(([, piece]) => piece.role === role)
    .map(([name]) => name)
    .sort((a, b) => order(a) - order(b));
  if (back) found.reverse();
  const at = order(square);
  const further = found.find((name) => (back ? order(name) < at : order(name) > at));
  return further ?? found[0] ?? square;
}
