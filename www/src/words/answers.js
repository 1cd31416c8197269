// What the page answers to a question that was typed: sentences from the state, for those who listen.

import { absenceWords } from '../table/absence.js';
import { clockSpoken } from '../table/clock.js';
import { HELP } from './commands.js';
import { spokenSan } from '../chess/notation.js';
import { destinations, opposite, position } from '../chess/rules.js';
import { lineWords, materialWords, pieceWords, placement, roleWords } from './speech.js';
import { sideWords, squareWords } from './speech.js';
import { reader, shown } from '../table/table-state.js';
import { colourName, resultTitle, resultWords, turnWords } from './words.js';

/**
 * @import { ClockReading, GameState } from '@rookery/peer'
 * @import { Command } from './commands.js'
 * @import { Table } from '../table/table-state.js'
 */

/** Moves that are read out at once at most. */
const MOVES_READ = 40;

/**
 * @param {Extract<Command, { ask: string }>} question
 * @param {Table} table Ready: it has a game.
 * @param {string} opponent Who the other player is, in words.
 */
export function answer(question, table, opponent) {
  const { fen, ply, live } = shown(table);
  const game = /** @type {GameState} */ (table.game);
  switch (question.ask) {
    case 'help':
      return HELP.map(([typed, what]) => `${typed}: ${what}.`).join(' ');
    case 'piece':
      return roleWords(fen, question.role, question.colour);
    case 'side':
      return sideWords(fen, question.colour);
    case 'square':
      return squareWords(fen, question.place);
    case 'line':
      return lineWords(fen, question.place);
    case 'board':
      return `${sideWords(fen, 'white')} ${sideWords(fen, 'black')}`;
    case 'material':
      return materialWords(fen);
    case 'clocks':
      return clocksWords(table.clocks);
    case 'last':
      return lastMoves(game, ply, question.count);
    case 'moves':
      return movesFrom(table, question.from);
    case 'opponent':
      return `${opponent} ${absenceWords(game, table.clocks, clockSpoken)}`.trim();
    case 'turn':
      return live ? standing(table) : `You look at move ${moveNumber(game, ply)} of the past.`;
  }
}

/** @param {ClockReading} clocks */
export function clocksWords({ whiteMs, blackMs, running, firstMoveMs }) {
  if (whiteMs === null || blackMs === null) return 'This game has no clock.';
  const first = firstMoveMs === null ? '' : ` First move within ${clockSpoken(firstMoveMs)}.`;
  const face = (/** @type {'white' | 'black'} */ colour, /** @type {number} */ ms) =>
    `${colourName(colour)}: ${clockSpoken(ms)}${running === colour ? ', running' : ''}.`;
  return `${face('white', whiteMs)} ${face('black', blackMs)}${first}`;
}

/**
 * @param {GameState} game
 * @param {number} ply
 */
function moveNumber({ startFen }, ply) {
  const [, turn, , , , number] = startFen.split(' ');
  return (Number(number) || 1) + Math.floor((ply - 1 + (turn === 'b' ? 1 : 0)) / 2);
}

/**
 * @param {GameState} game
 * @param {number} ply The last of them.
 * @param {number} count
 */
function lastMoves(game, ply, count) {
  const moves = game.moves.slice(Math.max(0, ply - Math.min(count, MOVES_READ)), ply);
  if (moves.length === 0) return 'No move was made yet.';
  return moves
    .map(({ san, fen, ply: at }) => {
      const mover = fen.split(' ')[1] === 'b' ? 'White' : 'Black';
      return `${moveNumber(game, at)}, ${mover}: ${spokenSan(san)}.`;
    })
    .join(' ');
}

/**
 * @param {Table} table
 * @param {string} from A square, or empty for all pieces.
 */
function movesFrom(table, from) {
  const { fen } = shown(table);
  const game = /** @type {GameState} */ (table.game);
  const pieces = placement(fen);
  const dests =
    game.phase === 'over' ? {} : destinations(position(fen), game.variant === 'chess960');
  const name = (/** @type {string} */ square) => `${pieceWords(pieces.get(square))} ${square}`;
  if (from) {
    if (!pieces.has(from)) return `${from} is empty.`;
    return dests[from]
      ? `${name(from)} to ${dests[from].join(', ')}.`
      : `${name(from)} cannot move.`;
  }
  const all = Object.keys(dests).sort();
  if (all.length === 0) return 'There are no moves.';
  return all
    .map((square) => `${pieces.get(square)?.role} ${square} to ${dests[square].join(', ')}.`)
    .join(' ');
}

/**
 * How the game stands, in a sentence or two.
 *
 * @param {Table} table Ready: it has a game.
 */
export function standing(table) {
  const game = /** @type {GameState} */ (table.game);
  const you = reader(table);
  if (game.result) return `${resultTitle(game.result, you)}. ${resultWords(game.result)}.`;
  const { draw, takeback } = game.offers;
  const words = [`${turnWords({ ...game, you }, table.thinking)}.`.replace('….', '…')];
  if (draw) words.push(draw === you ? 'You offer a draw.' : `${colourName(draw)} offers a draw.`);
  if (takeback) {
    const asks = `${colourName(takeback.by)} asks to take a move back.`;
    words.push(takeback.by === you ? 'You asked for a takeback.' : asks);
  }
  return words.join(' ');
}

/**
 * What is said when a game comes on screen.
 *
 * @param {Table} table Ready: it has a game.
 * @param {string} opponent
 */
export function opening(table, opponent) {
  const game = /** @type {GameState} */ (table.game);
  const you = reader(table);
  const seat =
    table.kind === 'board'
      ? 'Two at one board.'
      : you
        ? `You play ${colourName(you)}. Your opponent plays ${colourName(opposite(you))}: ${opponent}`
        : 'You are watching.';
  const last = game.ply > 0 ? ` Last move: ${lastMoves(game, game.ply, 1)}` : '';
  return `${seat}${last} ${standing(table)}`;
}
