// A person who plays decently and quickly: a small search over another library's rules, with nothing of the engine in it.

import { Chess, castlingSide } from 'chessops/chess';
import { parseFen, makeFen } from 'chessops/fen';
import { kingCastlesTo, makeUci, squareFile, squareRank } from 'chessops/util';

/** @import { Move, Position, Role } from 'chessops' */

/** Centipawns. */
const WORTH = /** @type {Record<Role, number>} */ ({
  pawn: 100,
  knight: 310,
  bishop: 330,
  rook: 500,
  queen: 950,
  king: 0,
});
const MATE = 100_000;
/** How many positions one move may look at: a fraction of a second. */
const POSITIONS = 5000;
/** From this lead on, in centipawns, it drives the other king to the edge. */
const WINNING = 400;

class OutOfPositions extends Error {}

/**
 * Numbers from 0 to 1 that follow from the seed (mulberry32).
 * @param {number} seed
 */
export function random(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {string} fen */
const position = (fen) => Chess.fromSetup(parseFen(fen).unwrap()).unwrap();

/** @param {string} fen What counts for a repetition. */
const key = (fen) => fen.split(' ', 4).join(' ');

/**
 * @param {Position} pos
 * @returns {Generator<Move>}
 */
function* moves(pos) {
  for (const [from, squares] of pos.allDests()) {
    const pawn = pos.board.get(from)?.role === 'pawn';
    for (const to of squares) {
      const last = squareRank(to) === 0 || squareRank(to) === 7;
      yield pawn && last ? { from, to, promotion: 'queen' } : { from, to };
    }
  }
}

/**
 * Captures of much by little first.
 * @param {Position} pos
 */
function ordered(pos) {
  const gain = (/** @type {Move} */ move) => {
    if (!('from' in move)) return 0;
    const taken = pos.board.get(move.to);
    const taker = pos.board.get(move.from);
    return (taken ? 10 * WORTH[taken.role] - WORTH[taker?.role ?? 'king'] / 10 : 0) || 0;
  };
  return [...moves(pos)]
    .map((move) => ({ move, gain: gain(move) }))
    .sort((a, b) => b.gain - a.gain);
}

/**
 * @param {Position} pos
 * @param {Move} move
 */
function after(pos, move) {
  const next = pos.clone();
  next.play(move);
  return next;
}

/** @param {number} square */
const fromCentre = (square) =>
  Math.abs(2 * squareFile(square) - 7) / 2 + Math.abs(2 * squareRank(square) - 7) / 2;

/**
 * Centipawns from the side to move.
 * @param {Position} pos
 */
function evaluate(pos) {
  let white = 0;
  for (const [square, { role, color }] of pos.board) {
    const sign = color === 'white' ? 1 : -1;
    let worth = WORTH[role];
    if (role === 'pawn')
      worth += 6 * (color === 'white' ? squareRank(square) : 7 - squareRank(square));
    else if (role !== 'king') worth -= 4 * fromCentre(square);
    white += sign * worth;
  }
  const lead = Math.abs(white);
  if (lead > WINNING) {
    const loser = white > 0 ? 'black' : 'white';
    const hunted = pos.board.kingOf(loser) ?? 0;
    const hunter = pos.board.kingOf(white > 0 ? 'white' : 'black') ?? 0;
    const apart =
      Math.abs(squareFile(hunted) - squareFile(hunter)) +
      Math.abs(squareRank(hunted) - squareRank(hunter));
    white += Math.sign(white) * (20 * fromCentre(hunted) - 8 * apart);
  }
  return pos.turn === 'white' ? white : -white;
}

/** One person's thinking in one game. */
export class Thinker {
  #random;
  #left = 0;
  /** @type {Set<string>} */
  #seen = new Set();

  /** @param {number} seed */
  constructor(seed) {
    this.#random = random(seed);
  }

  /**
   * @param {string} fen
   * @param {{ playOn: boolean }} wish `playOn`: not to end the game with this move, where there is another.
   * @returns {string} The move; castling is the king's step of two squares.
   */
  choose(fen, { playOn }) {
    const root = position(fen);
    this.#seen.add(key(fen));
    const all = ordered(root);
    const lasting = all.filter(({ move }) => !after(root, move).isEnd());
    const candidates = (playOn && lasting.length > 0 ? lasting : all).map(({ move }) => ({
      move,
      score: 0,
      mood: this.#random(),
    }));
    this.#left = POSITIONS;
    try {
      for (let depth = 1; depth <= 5; depth++) {
        const scores = candidates.map(({ move }) => this.#worth(after(root, move), depth));
        candidates.forEach((candidate, i) => (candidate.score = scores[i] ?? 0));
        candidates.sort((a, b) => b.score - a.score || a.mood - b.mood);
      }
    } catch (error) {
      if (!(error instanceof OutOfPositions)) throw error;
    }
    const best = candidates[0];
    if (!best) throw new Error(`there is no move in ${fen}`);
    const next = after(root, best.move);
    this.#seen.add(key(makeFen(next.toSetup())));
    return spelled(root, best.move);
  }

  /**
   * What a position is worth to who just moved there.
   * @param {Position} pos
   * @param {number} depth
   */
  #worth(pos, depth) {
    if (this.#seen.has(key(makeFen(pos.toSetup())))) return -50;
    return -this.#search(pos, depth - 1, -2 * MATE, 2 * MATE);
  }

  /**
   * Alpha-beta; at its end only captures.
   * @param {Position} pos
   * @param {number} depth
   * @param {number} alpha
   * @param {number} beta
   * @returns {number}
   */
  #search(pos, depth, alpha, beta) {
    if (--this.#left < 0) throw new OutOfPositions();
    if (pos.isCheckmate()) return -MATE - depth;
    if (pos.isStalemate() || pos.isInsufficientMaterial()) return 0;
    let best = -2 * MATE;
    if (depth <= 0) {
      best = evaluate(pos);
      if (best >= beta || depth < -2) return best;
    }
    let floor = Math.max(alpha, best);
    for (const { move, gain } of ordered(pos)) {
      if (depth <= 0 && gain === 0) break;
      const score = -this.#search(after(pos, move), depth - 1, -beta, -floor);
      if (score > best) best = score;
      if (score > floor) floor = score;
      if (floor >= beta) break;
    }
    return best;
  }
}

/**
 * @param {Position} pos
 * @param {Move} move
 */
function spelled(pos, move) {
  const side = castlingSide(pos, move);
  if (!side || !('from' in move)) return makeUci(move);
  return makeUci({ from: move.from, to: kingCastlesTo(pos.turn, side) });
}
