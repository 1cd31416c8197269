// The board by keyboard: walking over the squares, picking a piece up, putting it down, and asking about where one stands.

import { answer } from '../words/answers.js';
import { boardModel } from '../chess/board-model.js';
import { playerWords } from '../table/players.js';
import { pieceWords, placement } from '../words/speech.js';

/**
 * @import { Command } from '../words/commands.js'
 * @import { Desk } from './desk.js'
 */

/** @type {Record<string, Extract<Command, { ask: string }>>} */
const QUESTIONS = {
  l: { ask: 'last', count: 1 },
  c: { ask: 'clocks' },
  o: { ask: 'opponent' },
  w: { ask: 'turn' },
  x: { ask: 'material' },
};

const KEYS_HELP =
  'Arrows walk over the board, Home and End along the rank, Page Up and Page Down along the file. 1 to 8 go to a rank, with Shift to a ' +
  'file. K, Q, R, B, N and P go to the next such piece, with Shift back. Enter picks a piece up and puts it down, Escape lets it go. ' +
  'M says where the piece can go, S what its rank and file hold, L the last move, C the clocks, O the opponent, W whose turn it is, X the material. I goes to the ' +
  'field for moves.';

/**
 * @param {Desk} desk
 * @param {{ drop: (from: string, to: string) => void, cancelPlans: () => void }} moving
 */
export function walkingWishes({ store, dispatch, table }, { drop, cancelPlans }) {
  const tell = (/** @type {string} */ words) => dispatch({ type: 'announce', words });
  const pick = (/** @type {string | null} */ picked) =>
    dispatch({ type: 'table', fields: { picked } });

  return {
    /** @param {string} cursor The square on which the keyboard is. */
    walkTo(cursor) {
      if (table()?.cursor !== cursor) dispatch({ type: 'table', fields: { cursor } });
    },

    /**
     * Picks the piece up that stands here, or puts the one in the hand down.
     *
     * @param {string} square
     */
    pressSquare(square) {
      const current = table();
      if (!current?.game) return;
      const { dests, mover, fen } = boardModel(current, store.get().peer.writer);
      const pieces = placement(fen);
      const piece = pieces.get(square);
      const { picked } = current;
      if (!mover) {
        tell(current.game.phase === 'over' ? 'The game is over.' : 'Nothing can be moved now.');
      } else if (picked && dests[picked]?.includes(square)) {
        pick(null);
        drop(picked, square);
      } else if (picked === square) {
        pick(null);
        tell(`${pieceWords(piece)} let go.`);
      } else if (piece?.color === mover && dests[square]) {
        pick(square);
        tell(`${piece.role} ${square} picked up. It can go to ${dests[square].join(', ')}.`);
      } else if (piece?.color === mover) tell(`The ${piece.role} on ${square} cannot move.`);
      else if (picked && dests[picked])
        tell(`The ${pieces.get(picked)?.role} cannot go to ${square}.`);
      else tell(piece ? 'This piece is not yours to move.' : `${square} is empty.`);
    },

    /** Lets go of the piece in the hand; of what is planned where there is none. */
    letGo() {
      if (table()?.picked) {
        pick(null);
        tell('Let go.');
      } else cancelPlans();
    },

    /**
     * @param {string} key A letter.
     * @param {string} square
     * @returns {boolean} Whether it asks something.
     */
    askHere(key, square) {
      const current = table();
      if (!current?.game) return false;
      const say = (/** @type {Extract<Command, { ask: string }>} */ question) =>
        answer(question, current, playerWords(store.get(), current));
      if (key === '?' || key === 'h') tell(KEYS_HELP);
      else if (key === 'm') tell(say({ ask: 'moves', from: square }));
      else if (key === 's') {
        tell(`${say({ ask: 'line', place: square[1] })} ${say({ ask: 'line', place: square[0] })}`);
      } else if (QUESTIONS[key]) tell(say(QUESTIONS[key]));
      else return false;
      return true;
    },
  };
}
