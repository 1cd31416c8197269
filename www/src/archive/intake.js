// What a text or a file that somebody brings is: told by its content and, where that says nothing, by its name.

import { routeFromPaste } from '../route.js';

/**
 * @import { Route } from '../route.js'
 */

/**
 * @typedef {{ kind: 'link', route: Route }
 *   | { kind: 'fen' | 'pgn' | 'json', text: string }
 *   | { kind: 'unknown' }} Brought
 */

/** Larger files are not read. The limit is for the reader's patience: checking that many games takes minutes. */
export const MAX_FILE_BYTES = 32_000_000;
/** Games of one file that are kept. */
export const MAX_GAMES = 5000;

/** Six fields, or the first four of them. */
const FEN = /^[pnbrqkPNBRQK1-8]+(?:\/[pnbrqkPNBRQK1-8]*)+(?:\s+\S+){0,5}$/;
const LINK = /^\S*#\/game\/\S+$|^[0-9a-fA-F]{64}$/;
const PGN = /^\s*\[[A-Za-z0-9]+\s+"|(?:^|\s)1\s*\.\s*(?:[NBKRQ]?[a-h]?x?[a-h][1-8]|O-O|\.\.)/m;
/** Characters in which a file says what it is. */
const HEAD = 20_000;

/**
 * @param {string} text All of it, or how it begins.
 * @returns {Brought}
 */
export function whatIs(text) {
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (LINK.test(trimmed)) {
    const route = routeFromPaste(trimmed);
    if (route) return { kind: 'link', route };
  }
  if (trimmed.length < 200 && FEN.test(trimmed)) return { kind: 'fen', text: trimmed };
  if (trimmed.startsWith('{') && /^\{\s*"/.test(trimmed)) return { kind: 'json', text };
  if (PGN.test(trimmed.slice(0, HEAD))) return { kind: 'pgn', text };
  return { kind: 'unknown' };
}

/**
 * @param {number} bytes
 * @returns {string} `340 kB`, `50 MB`.
 */
export const sizeWords = (bytes) =>
  bytes < 999_500 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${Math.round(bytes / 1e6)} MB`;
