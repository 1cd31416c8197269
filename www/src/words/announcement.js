// What changed between two snapshots of a game, as one sentence for those who listen instead of look.

import { absenceWords, opponentGone } from '../table/absence.js';
import { leavingSaid } from '../table/leaving.js';
import { clockStands, standing } from '../table/standing.js';
import { clockSpoken } from '../table/clock.js';
import { spokenSan } from '../chess/notation.js';
import { colourName, resultWords } from './words.js';

/** @import { ClockReading, GameState } from '@rookery/peer' */

/**
 * @param {GameState | null} before Null when the game was just opened: nothing has changed yet.
 * @param {GameState} now
 * @param {ClockReading} clocks
 * @returns {string} Empty when there is nothing to say.
 */
export function announcement(before, now, clocks) {
  if (!before) return '';
  const words = [];
  if (now.ply > before.ply) {
    const last = now.moves[now.ply - 1];
    const mover = last.fen.split(' ')[1] === 'b' ? 'white' : 'black';
    words.push(`${colourName(mover)}: ${spokenSan(last.san)}.`);
  } else if (now.ply < before.ply) words.push('A move was taken back.');
  if (before.phase === 'open' && now.phase === 'playing') words.push('The game begins.');
  words.push(...homeWords(before, now));
  // Who has just sat down comes a moment after the seat.
  if (opponentGone(now) && !opponentGone(before) && before.phase !== 'open') {
    words.push(absenceWords(now, clocks, clockSpoken).replace(/^Away:/, 'Your opponent is away:'));
  } else if (opponentGone(before) && !opponentGone(now) && now.phase === 'playing') {
    words.push(now.ply > 0 ? 'Your opponent is back.' : 'Your opponent is here.');
  }
  const { draw, takeback } = now.offers;
  if (draw && !before.offers.draw && draw !== now.you) {
    words.push(`${colourName(draw)} offers a draw.`);
  }
  if (now.you && draw === now.you && before.offers.draw !== draw) words.push('You offer a draw.');
  if (takeback && !before.offers.takeback && takeback.by !== now.you) {
    words.push(`${colourName(takeback.by)} asks to take a move back.`);
  }
  const leaving = leavingSaid(before, now);
  if (leaving) words.push(leaving);
  words.push(...declined(before, now));
  if (now.result && !before.result) words.push(`${resultWords(now.result)}.`);
  return words.join(' ');
}

/**
 * Whether the relay of the game answers, and whether the clock stands for want of it.
 *
 * @param {GameState} before
 * @param {GameState} now
 * @returns {string[]}
 */
function homeWords(before, now) {
  const is = standing(now);
  if (before.home === now.home) return [];
  if (is) return [`${is.title}. ${is.words}`];
  return now.result || !clockStands(before) ? [] : ['The game goes on, and the clock runs again.'];
}

/**
 * What the own offers came to, where no move and no end says so.
 *
 * @param {GameState} before
 * @param {GameState} now
 * @returns {string[]}
 */
function declined({ offers, ply }, now) {
  const { you } = now;
  if (!you || now.result || now.ply < ply) return [];
  const words = [];
  if (offers.draw === you && !now.offers.draw) words.push('Your draw offer was declined.');
  if (offers.takeback?.by === you && !now.offers.takeback) {
    words.push('Your request for a takeback was declined.');
  }
  return words;
}
