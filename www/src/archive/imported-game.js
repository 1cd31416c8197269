// A game from a file on screen. It has the shape of a peer's game, so one screen draws all of them; nobody plays in it.

import { dayWords } from './archive.js';
import { playLine } from '../chess/rules.js';
import { NO_CLOCKS } from '../table/table-state.js';

/** @import { GameState } from '@rookery/peer' */
/** @import { ImportedRecord } from './imported-record.js' */

const CLOSED = 'This game came from a file: it can be looked at, and played on from any position.';

/**
 * @typedef {object} Origin What is said of a game from a file.
 * @property {string} white
 * @property {string} black
 * @property {string} whiteNote
 * @property {string} blackNote
 * @property {string} words
 */

export class ImportedGame extends EventTarget {
  /** @type {ImportedRecord} */ #record;
  /** @type {GameState} */ #state;

  /** @param {ImportedRecord} record */
  constructor(record) {
    super();
    const { startFen, chess960, ucis, result } = record;
    const { pos, moves } = playLine(startFen, ucis, chess960);
    this.#record = record;
    this.#state = {
      id: record.id,
      phase: 'over',
      variant: chess960 ? 'chess960' : 'standard',
      startFen,
      clock: { kind: 'none' },
      takebacks: false,
      ...{ creator: '', white: null, black: null, keptFor: null, you: null, seat: 'none' },
      present: { white: null, black: null },
      fen: moves.at(-1)?.fen ?? startFen,
      ply: moves.length,
      turn: pos.turn,
      check: pos.isCheck(),
      moves,
      dests: {},
      pending: null,
      offers: { draw: null, takeback: null },
      can: {
        ...{ move: false, resign: false, abort: false, claimDraw: false, acceptDraw: false },
        ...{ askTakeback: false, acceptTakeback: false, leaveClock: false },
      },
      result,
      path: 'none',
      home: 'heard',
      ...{ device: 'here', leaving: 'none', goesOnIn: null, goesOnFrom: null },
      direct: 'none',
      findings: [],
    };
  }

  get id() {
    return this.#record.id;
  }

  get state() {
    return this.#state;
  }

  /** @returns {Origin} */
  get origin() {
    const { white, black, ratings, event, note, playedMs, kind } = this.#record;
    const day = playedMs === null ? '' : dayWords(playedMs);
    const words = [event, day].filter(Boolean).join(', ');
    return {
      white,
      black,
      whiteNote: ratings.white || 'White',
      blackNote: ratings.black || 'Black',
      words:
        note || words || (kind === 'position' ? 'A position that was brought here' : 'From a file'),
    };
  }

  clocks() {
    return NO_CLOCKS;
  }

  link() {
    return '';
  }

  /** As it came. */
  pgn() {
    return this.#record.pgn;
  }

  close() {}

  /** @returns {Promise<void>} */
  async move() {
    throw new Error(CLOSED);
  }

  resign = this.move;
  abort = this.move;
  draw = this.move;
  offerDraw = this.move;
  askTakeback = this.move;
  acceptTakeback = this.move;
  decline = this.move;
  join = this.move;
}
