// An outsider's replay of an exported game: nothing of ours, only the PGN and the rules of another library.

import { makeFen } from 'chessops/fen';
import { parsePgn, startingPosition } from 'chessops/pgn';
import { parseSan } from 'chessops/san';
import { makeUci } from 'chessops/util';

/** @import { Position } from 'chessops' */

/**
 * @typedef {object} Replay
 * @property {string[]} ucis Castling as the king onto its rook, as the rules of other variants need it.
 * @property {string[]} fens After each move.
 * @property {string} result As the headers tell it.
 * @property {string | null} byRules What the rules say at its end: `1-0`, `0-1`, `1/2-1/2`, or null if the game could go on.
 */

/** Half-moves without a capture or a pawn move that end a game. */
const SEVENTY_FIVE = 150;

/**
 * @param {string} pgn
 * @returns {Replay} Throws if a move is illegal or the text is no game.
 */
export function replayPgn(pgn) {
  const game = parsePgn(pgn)[0];
  if (!game) throw new Error('the PGN holds no game');
  const position = startingPosition(game.headers).unwrap();
  const ucis = [];
  const fens = [];
  for (const { san } of game.moves.mainline()) {
    const move = parseSan(position, san);
    if (!move) throw new Error(`${san} is illegal in ${makeFen(position.toSetup())}`);
    ucis.push(makeUci(move));
    position.play(move);
    fens.push(makeFen(position.toSetup()));
  }
  return {
    ucis,
    fens,
    result: game.headers.get('Result') ?? '*',
    byRules: byRules(position, fens),
  };
}

/**
 * @param {Position} position The last one.
 * @param {string[]} fens
 */
function byRules(position, fens) {
  const outcome = position.outcome();
  if (outcome?.winner) return outcome.winner === 'white' ? '1-0' : '0-1';
  const key = (/** @type {string | undefined} */ fen) => fen?.split(' ', 4).join(' ');
  const stood = fens.filter((fen) => key(fen) === key(fens.at(-1))).length;
  return outcome || stood >= 5 || position.halfmoves >= SEVENTY_FIVE ? '1/2-1/2' : null;
}
