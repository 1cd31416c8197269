// What a person types where moves are typed, if it is no move: a question about the game, or a wish.

/**
 * @import { Role } from 'chessops'
 * @import { Colour } from '@rookery/peer'
 */

/**
 * @typedef {'help' | 'clocks' | 'opponent' | 'material' | 'board' | 'turn'} PlainQuestion
 *
 * @typedef {'resign' | 'draw' | 'takeback' | 'abort' | 'yes' | 'no' | 'rematch' | 'flip' | 'hint' | 'back' | 'forward'
 *   | 'latest' | 'leave' | 'untimed'} Wish
 *
 * @typedef {{ ask: PlainQuestion }
 *   | { ask: 'piece', role: Role, colour: Colour | null }
 *   | { ask: 'side', colour: Colour }
 *   | { ask: 'square' | 'line', place: string }
 *   | { ask: 'last', count: number }
 *   | { ask: 'moves', from: string }
 *   | { wish: Wish }
 *   | { wish: 'say', text: string }
 *   | { error: string }} Command
 */

/** @type {Record<string, Role>} */
const PIECES = {
  k: 'king',
  q: 'queen',
  r: 'rook',
  b: 'bishop',
  n: 'knight',
  p: 'pawn',
};

/** @type {Record<PlainQuestion, string[]>} */
const QUESTIONS = {
  help: ['help', 'h', '?'],
  clocks: ['c', 'clock', 'clocks', 't', 'time'],
  opponent: ['o', 'opponent'],
  material: ['m', 'material'],
  board: ['b', 'board'],
  turn: ['w', 'turn', 'who', 'status'],
};

/** @type {Record<Wish, string[]>} */
const WISHES = {
  resign: ['resign'],
  draw: ['draw'],
  takeback: ['takeback', 'undo'],
  abort: ['abort'],
  yes: ['yes', 'y', 'accept', 'confirm'],
  no: ['no', 'decline', 'cancel'],
  rematch: ['rematch'],
  flip: ['flip'],
  hint: ['hint'],
  back: ['back'],
  forward: ['forward'],
  latest: ['latest', 'end'],
  leave: ['leave', 'home', 'exit'],
  untimed: ['untimed', 'unclock'],
};

/**
 * @template {string} N
 * @param {Record<N, string[]>} table
 * @param {string} word
 */
const named = (table, word) =>
  /** @type {N[]} */ (Object.keys(table)).find((name) => table[name].includes(word));

/**
 * @param {string} text
 * @returns {Command | null} Null for what is to be read as a move.
 */
export function readCommand(text) {
  const trimmed = text.trim().replace(/^\//, '');
  const [first = '', ...rest] = trimmed.split(/\s+/);
  const word = first.toLowerCase();
  if (word === 'say') {
    const said = trimmed.slice(first.length).trim();
    return said
      ? { wish: 'say', text: said }
      : { error: 'Type what you want to say, as: say hello.' };
  }
  if (rest.length === 0) {
    const ask = named(QUESTIONS, word);
    if (ask) return { ask };
    const wish = named(WISHES, word);
    if (wish) return { wish };
  }
  const after = rest.join(' ').toLowerCase();
  switch (word) {
    case 'p':
    case 'piece':
    case 'pieces':
      return pieceQuestion(after);
    case 's':
    case 'square':
      if (/^[a-h][1-8]$/.test(after)) return { ask: 'square', place: after };
      if (/^([a-h]|[1-8])$/.test(after)) return { ask: 'line', place: after };
      return { error: 'Name a square, as: s e4.' };
    case 'r':
    case 'rank':
      if (/^[1-8]$/.test(after)) return { ask: 'line', place: after };
      return { error: 'Name a rank, as: r 4.' };
    case 'f':
    case 'file':
      if (/^[a-h]$/.test(after)) return { ask: 'line', place: after };
      return { error: 'Name a file, as: f e.' };
    case 'l':
    case 'last':
      if (/^[1-9]\d{0,2}$/.test(after || '1')) return { ask: 'last', count: Number(after || 1) };
      return { error: 'Say how many moves, as: l 4.' };
    case 'm':
    case 'moves':
      if (/^[a-h][1-8]$/.test(after)) return { ask: 'moves', from: after };
      if (after === '') return { ask: 'moves', from: '' };
      return { error: 'Name a square, as: m g1.' };
    default:
      return null;
  }
}

/**
 * @param {string} text `n`, `knights`, `white n`, `white`.
 * @returns {Command}
 */
function pieceQuestion(text) {
  const words = text.split(' ').filter(Boolean);
  const side = words.find((word) => word === 'white' || word === 'black');
  const colour = side === 'white' || side === 'black' ? side : null;
  const [kind, ...more] = words.filter((word) => word !== side);
  if (!kind && colour) return { ask: 'side', colour };
  const role = kind && (PIECES[kind] ?? roleNamed(kind));
  if (!role || more.length > 0) return { error: 'Name a kind of piece, as: p N for knights.' };
  return { ask: 'piece', role, colour };
}

/** @param {string} word `knight` or `knights`. */
const roleNamed = (word) =>
  Object.values(PIECES).find((role) => word === role || word === `${role}s`);

/** What can be typed, for those who ask. */
export const HELP = [
  ['Nf3, g1f3', 'a move'],
  ['p N', 'where the knights are; also K, Q, R, B, P, or p white'],
  ['s e4', 'what stands on e4'],
  ['r 4, f e', 'what stands on the fourth rank, on the e file'],
  ['b', 'the whole board'],
  ['m', 'material'],
  ['m g1', 'moves of the piece on g1; moves: all moves'],
  ['l, l 4', 'the last move, the last four'],
  ['c', 'the clocks'],
  ['o', 'your opponent'],
  ['w', 'whose turn it is'],
  ['draw, takeback, resign, abort', 'offer, ask or accept; resigning is asked about'],
  ['yes, no', 'answer what is asked or offered'],
  ['untimed', 'offer to go on without the clock, or accept it'],
  ['say hello', 'a line of chat'],
  ['back, forward, latest', 'go through the moves'],
  ['hint, flip, rematch, leave', 'what the buttons of these names do'],
];
