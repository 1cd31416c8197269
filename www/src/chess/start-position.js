// From which position a game begins: what the forms ask for, turned into a FEN and a variant, and both in words.

import { chess960Fen, chess960Number, POSITIONS } from './chess960.js';
import { checkStart, INITIAL_FEN } from './rules.js';

/** @import { StartFields } from '../dialog-state.js' */

/**
 * @typedef {object} Start
 * @property {string} fen
 * @property {boolean} chess960
 */

/**
 * @param {StartFields} fields
 * @param {() => number} random From 0 to below 1.
 * @returns {Start | { error: string }}
 */
export function startPosition({ start, number, fen }, random) {
  if (start === 'standard') return { fen: INITIAL_FEN, chess960: false };
  if (start === 'chess960') {
    const typed = number.trim();
    if (typed === '') return { fen: chess960Fen(Math.floor(random() * POSITIONS)), chess960: true };
    const chosen = Number(typed);
    if (!/^\d{1,3}$/.test(typed) || chosen >= POSITIONS) {
      return { error: 'Chess960 has the positions 0 to 959. Leave it empty to draw one.' };
    }
    return { fen: chess960Fen(chosen), chess960: true };
  }
  if (fen.trim() === '') return { error: 'Paste a position as FEN.' };
  return checkStart(fen);
}

/**
 * @param {{ startFen: string, variant: 'standard' | 'chess960' }} game
 * @returns {string} `Standard`, `Chess960, number 518`, `From a position`.
 */
export function startWords({ startFen, variant }) {
  if (variant === 'standard') return startFen === INITIAL_FEN ? 'Standard' : 'From a position';
  const number = chess960Number(startFen);
  return number === null ? 'Chess960, from a position' : `Chess960, number ${number}`;
}
