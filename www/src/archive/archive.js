// Every game of this device in one list: what each line shows, and which are found by what a person looks for.

import { clockLabel } from '../table/clock.js';
import { routeHash } from '../route.js';
import { colourName, resultTitle, shortKey, standingWords } from '../words/words.js';

/**
 * @import { GameSummary, Result } from '@rookery/peer'
 * @import { ImportedEntry } from './imported-record.js'
 * @import { LocalRecord } from '../table/local-game.js'
 */

/**
 * @typedef {'peer' | 'computer' | 'board' | 'import'} ArchiveKind
 *
 * @typedef {object} ArchiveEntry
 * @property {ArchiveKind} kind
 * @property {string} id
 * @property {string} title Who played.
 * @property {string} side `white`, `black` or `both`: where the reader sat.
 * @property {string} status The result, or whose seat it is.
 * @property {'running' | 'won' | 'lost' | 'drawn' | 'none'} outcome
 * @property {boolean} over
 * @property {number} moves Whole ones.
 * @property {string} time The clock in short; empty where there is none.
 * @property {number} atMs By which it is sorted.
 * @property {string} href
 * @property {string} words What a search looks through, in lower case.
 *
 * @typedef {object} ArchiveQuery
 * @property {string} text
 * @property {ArchiveKind | 'all'} kind
 * @property {ArchiveEntry['outcome'] | 'all'} outcome
 * @property {string} from A day such as `2026-01-31`, or empty.
 * @property {string} to The last day that counts, or empty.
 */

/** @type {ArchiveQuery} */
export const ANY = { text: '', kind: 'all', outcome: 'all', from: '', to: '' };

/** @type {Record<ArchiveKind, string>} */
export const KINDS = {
  peer: 'With people',
  computer: 'The computer',
  board: 'At one board',
  import: 'From files',
};

/** @type {Record<ArchiveEntry['outcome'], string>} */
export const OUTCOMES = {
  running: 'Running',
  won: 'Won',
  lost: 'Lost',
  drawn: 'Drawn',
  none: 'Other',
};

/**
 * @param {Result | null} result
 * @param {string} side
 * @returns {ArchiveEntry['outcome']} For a game in which the reader did not play, `none` unless drawn.
 */
function outcomeOf(result, side) {
  if (result === null) return 'running';
  if (result.outcome === '1/2-1/2') return 'drawn';
  if (result.outcome === '*' || side === 'both') return 'none';
  return (result.outcome === '1-0') === (side === 'white') ? 'won' : 'lost';
}

/**
 * @param {Omit<ArchiveEntry, 'words' | 'outcome' | 'over'> & { result: Result | null }} given
 * @returns {ArchiveEntry}
 */
function entry({ result, ...given }) {
  const { title, status, kind, time, atMs } = given;
  const day = new Date(atMs);
  const words = [title, status, KINDS[kind], time, isoDay(atMs), day.toLocaleDateString()];
  return {
    ...given,
    outcome: outcomeOf(result, given.side),
    over: result !== null,
    words: words.join(' ').toLowerCase(),
  };
}

/** @param {LocalRecord} record */
function localEntry({ id, kind, level, levelName, you, ucis, result, updatedMs }) {
  const board = kind === 'board';
  return entry({
    ...{ kind, id, result, atMs: updatedMs, time: '' },
    title: board ? 'At one board' : `Computer, level ${level}${levelName ? ` (${levelName})` : ''}`,
    side: board ? 'both' : you,
    status: result
      ? resultTitle(result, board ? null : you)
      : board
        ? 'Both sides'
        : `You are ${colourName(you)}`,
    moves: Math.ceil(ucis.length / 2),
    href: routeHash({ screen: kind, id }),
  });
}

/**
 * @param {GameSummary} game
 * @param {(key: string) => string} nameOf
 */
function peerEntry(
  { id, you, opponent, ply, phase, result, createdMs, clock, turn, goesOnIn },
  nameOf,
) {
  const status = standingWords({ phase, result, you, turn, goesOnIn });
  return entry({
    ...{ kind: /** @type {const} */ ('peer'), id, result, status, atMs: createdMs },
    title: opponent ? nameOf(opponent) : 'Open invitation',
    side: you ?? 'both',
    moves: Math.ceil(ply / 2),
    time: clock ? clockLabel(clock) : '',
    href: routeHash({ screen: 'game', id, relay: null }),
  });
}

/** @param {ImportedEntry} game */
function importedEntry({ id, kind, white, black, event, result, plies, playedMs, importedMs }) {
  const position = kind === 'position';
  return entry({
    ...{ kind: /** @type {const} */ ('import'), id, result, side: 'both' },
    title: position ? 'Position' : `${white} – ${black}`,
    status: position
      ? 'To look at'
      : [resultTitle(result, null), event].filter(Boolean).join(' · '),
    moves: Math.ceil(plies / 2),
    time: '',
    atMs: playedMs ?? importedMs,
    href: routeHash({ screen: 'import', id }),
  });
}

/**
 * @param {{ localGames: LocalRecord[], games: GameSummary[], imported: ImportedEntry[] }} kept
 * @param {(key: string) => string} [nameOf] How another player is called.
 * @returns {ArchiveEntry[]} What runs first, then newest first.
 */
export function archiveEntries(
  { localGames, games, imported },
  nameOf = (key) => `Player ${shortKey(key)}`,
) {
  return [
    ...localGames.map(localEntry),
    ...games.map((game) => peerEntry(game, nameOf)),
    ...imported.map(importedEntry),
  ].sort((a, b) => Number(a.over) - Number(b.over) || b.atMs - a.atMs);
}

/**
 * @param {ArchiveEntry[]} entries
 * @param {ArchiveQuery} query Each word of its text must occur.
 * @returns {ArchiveEntry[]}
 */
export function findEntries(entries, { text, kind, outcome, from, to }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((one) => {
    if (kind !== 'all' && one.kind !== kind) return false;
    if (outcome !== 'all' && one.outcome !== outcome) return false;
    const day = isoDay(one.atMs);
    if ((from && day < from) || (to && day > to)) return false;
    return words.every((word) => one.words.includes(word));
  });
}

/**
 * A day as date fields have it, where the reader is.
 *
 * @param {number} ms since 1970
 */
export function isoDay(ms) {
  const day = new Date(ms);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const year = String(day.getFullYear()).padStart(4, '0');
  return `${year}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/**
 * A day for a reader.
 *
 * @param {number} ms since 1970
 */
export const dayWords = (ms) =>
  new Date(ms).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
