// What happened between two states that a person should notice without looking: by name for sounds, and in words for the live region
// where the game's own announcements say nothing of it.

import { opening } from '../words/answers.js';
import { LOW_MS } from './clock.js';
import { playerWords } from './players.js';
import { placement } from '../words/speech.js';

/**
 * @import { Colour, GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Table } from './table-state.js'
 */

/**
 * @typedef {'move' | 'capture' | 'check' | 'start' | 'end' | 'offer' | 'low-time'} Happening
 */

/** When the time that is left is said, in ms. */
const SAID_AT_MS = [60_000, 30_000, 10_000];

/**
 * @param {AppState} before
 * @param {AppState} now
 * @returns {Happening[]}
 */
export function happenings(before, now) {
  if (before.table === now.table || !before.table?.game || !now.table?.game) return [];
  if (before.table.id !== now.table.id) return [];
  const [was, is] = [before.table.game, now.table.game];
  /** @type {Happening[]} */
  const found = [];
  if (was !== is) {
    if (was.phase === 'open' && is.phase === 'playing') found.push('start');
    found.push(...moved(was, is));
    if (is.result && !was.result) found.push('end');
  }
  if (offered(before.table, now.table)) found.push('offer');
  if (
    is.phase === 'playing' &&
    is.clock.kind === 'live' &&
    is.you &&
    crossed(before, now, LOW_MS)
  ) {
    found.push('low-time');
  }
  return found;
}

/**
 * An own move is noticed when it is made, not again when it is confirmed.
 *
 * @param {GameState} was
 * @param {GameState} is
 * @returns {Happening[]}
 */
function moved(was, is) {
  const taken = (/** @type {string} */ from, /** @type {string} */ to) =>
    placement(to).size < placement(from).size;
  if (is.pending && was.pending?.fen !== is.pending.fen) {
    return [taken(is.fen, is.pending.fen) ? 'capture' : 'move'];
  }
  if (is.ply <= was.ply) return [];
  const last = is.moves[is.ply - 1];
  /** @type {Happening[]} */
  const found = is.check && !is.result ? ['check'] : [];
  if (was.pending?.fen === last.fen) return found;
  return [last.san.includes('x') ? 'capture' : 'move', ...found];
}

/**
 * @param {Table} was
 * @param {Table} is
 */
function offered(was, is) {
  if (is.rematch.theirs && !was.rematch.theirs) return true;
  const { draw, takeback } = is.game?.offers ?? { draw: null, takeback: null };
  const you = is.game?.you ?? null;
  if (!you) return false;
  return (
    (draw !== null && draw !== you && !was.game?.offers.draw) ||
    (takeback !== null && takeback.by !== you && !was.game?.offers.takeback)
  );
}

/** @param {Table} table */
const ownMs = ({ game, clocks }) => (game?.you === 'white' ? clocks.whiteMs : clocks.blackMs);

/**
 * Whether the own time went below a mark.
 *
 * @param {AppState} before
 * @param {AppState} now
 * @param {number} mark ms
 */
function crossed(before, now, mark) {
  const was = before.table && ownMs(before.table);
  const is = now.table && ownMs(now.table);
  return typeof was === 'number' && typeof is === 'number' && was >= mark && is < mark;
}

/**
 * @param {AppState} before
 * @param {AppState} now
 * @returns {string} Empty when there is nothing to say.
 */
export function noticed(before, now) {
  const { table, settings, peer } = now;
  const words = [];
  const game = table?.game ?? null;
  const same = before.table?.id === table?.id;
  if (table && game?.phase === 'playing' && game.clock.kind === 'live' && game.you && same) {
    const mark = SAID_AT_MS.find((ms) => crossed(before, now, ms));
    if (mark) words.push(mark === 60_000 ? 'One minute left.' : `${mark / 1000} seconds left.`);
  }
  if (!settings.screenReader) return words.join(' ');
  if (table && game && game.phase !== 'open') {
    const before_ = same ? (before.table?.game ?? null) : null;
    if (!before_ || before_.phase === 'open') words.push(opening(table, playerWords(now, table)));
  }
  if (same && table) words.push(...heard(before, now));
  if (table?.kind === 'peer' && peer.connection.state !== before.peer.connection.state) {
    words.push(peer.connection.words);
  }
  return words.join(' ');
}

/**
 * The opponent's lines of chat.
 *
 * @param {AppState} before
 * @param {AppState} now
 */
function heard(before, now) {
  const [was, is] = [before.table?.chat.lines, now.table?.chat.lines];
  const you = /** @type {Colour | null} */ (now.table?.game?.you ?? null);
  if (!was || !is || was === is) return [];
  return is
    .slice(is.indexOf(/** @type {any} */ (was.at(-1))) + 1)
    .filter(({ by }) => by !== you)
    .map(({ by, text }) => (by ? `Your opponent says: ${text}` : text));
}
