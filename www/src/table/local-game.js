// A game on this device: against the computer, or two players at one board. It has the shape of a peer's game, so one screen
// draws all of them; nothing of it leaves the device.

import { claim, destinations, endByRule, extendLine, playLine } from '../chess/rules.js';
import { writePgn } from '../chess/notation.js';
import { NO_CLOCKS } from './table-state.js';
import { UNSAVED } from '../device/unsaved.js';

/** @import { Colour, GameState, Result } from '@rookery/peer' */

/**
 * @typedef {object} LocalRecord What is kept on the device.
 * @property {string} id 16 lower-case hex digits.
 * @property {'computer' | 'board'} kind
 * @property {number} createdMs Milliseconds since 1970.
 * @property {number} updatedMs Milliseconds since 1970.
 * @property {number} level The computer's, 1 to 8.
 * @property {string} levelName
 * @property {Colour} you Who does not play the computer's side; at one board whoever is to move counts.
 * @property {boolean} turning At one board: it shows the side to move from below.
 * @property {string} startFen Canonical and legal.
 * @property {boolean} chess960
 * @property {string[]} ucis
 * @property {Result | null} result
 *
 * @typedef {object} Reply The computer's answer.
 * @property {string} uci
 * @property {number} cp How it sees the game, in centipawns from its own side.
 *
 * @typedef {object} Mind What plays the other side.
 * @property {(record: LocalRecord, signal: AbortSignal) => Promise<Reply>} think
 * @property {(record: LocalRecord, cp: number, quietPlies: number) => boolean} takesDraw
 */

/** Thrown when a move or a wish does not fit the game; its message is for people. */
export class LocalGameError extends Error {}

/** Events: `change` after every change; `notice` with `{ code, words }`. */
export class LocalGame extends EventTarget {
  /** @type {LocalRecord} */ #record;
  /** @type {Mind} */ #mind;
  /** @type {(record: LocalRecord) => Promise<boolean>} */ #save;
  /** @type {() => number} */ #now;
  /** @type {import('../chess/rules.js').Line} */ #line;
  /** @type {AbortController | null} */ #thinking = null;
  /** @type {GameState | null} */ #state = null;
  #cp = 0;
  #saved = true;

  /**
   * @param {LocalRecord} record
   * @param {{ mind: Mind, save: (record: LocalRecord) => Promise<boolean>, now: () => number }} world
   */
  constructor(record, { mind, save, now }) {
    super();
    this.#line = playLine(record.startFen, record.ucis, record.chess960);
    this.#record = { ...record, ucis: this.#line.moves.map((move) => move.uci) };
    this.#mind = mind;
    this.#save = save;
    this.#now = now;
  }

  get id() {
    return this.#record.id;
  }

  get record() {
    return this.#record;
  }

  get thinking() {
    return this.#thinking !== null;
  }

  /** The computer's strength, for its name plate; null where two people play. */
  get opponent() {
    const { kind, level, levelName } = this.#record;
    if (kind === 'board') return null;
    return levelName ? `Level ${level}, ${levelName}` : `Level ${level}`;
  }

  /** @returns {GameState} */
  get state() {
    return (this.#state ??= this.#snapshot());
  }

  clocks() {
    return NO_CLOCKS;
  }

  link() {
    return '';
  }

  /** Lets the computer move when it is its turn. */
  start() {
    this.#letThink();
  }

  /** @param {string} uci */
  async move(uci) {
    if (this.#record.result) throw new LocalGameError('The game is over.');
    if (this.#line.pos.turn !== this.#you) throw new LocalGameError('It is not your turn.');
    await this.#play(uci);
    this.#letThink();
  }

  async resign() {
    this.#requireRunning();
    await this.#end({
      outcome: this.#you === 'white' ? '0-1' : '1-0',
      reason: 'resignation',
    });
  }

  async abort() {
    if (!this.state.can.abort) throw new LocalGameError('The game can no longer be aborted.');
    await this.#end({ outcome: '*', reason: 'abort' });
  }

  /** Claims a draw by threefold repetition or fifty moves. */
  async draw() {
    this.#requireRunning();
    const reason = this.state.can.claimDraw ? claim(this.#line) : null;
    if (!reason) throw new LocalGameError('There is no draw to claim now.');
    await this.#end({ outcome: '1/2-1/2', reason });
  }

  /** The computer thinks about it; two people at one board have agreed. */
  async offerDraw() {
    this.#requireRunning();
    if (this.#record.kind === 'board') {
      await this.#end({ outcome: '1/2-1/2', reason: 'agreement' });
    } else if (this.#mind.takesDraw(this.#record, this.#cp, this.#line.pos.halfmoves)) {
      await this.#end({ outcome: '1/2-1/2', reason: 'agreement' });
    } else {
      this.#notice('draw-declined', 'The computer plays on.');
    }
  }

  /** Goes back to before the player's last move; at one board to before the last move. */
  async askTakeback() {
    this.#requireRunning();
    const { kind, startFen, ucis, chess960 } = this.#record;
    const yours = kind === 'computer' && this.#line.pos.turn === this.#you ? 2 : 1;
    const plies = this.#line.moves.length - yours;
    if (plies < 0) throw new LocalGameError('There is no move of yours to take back.');
    this.#stopThinking();
    await this.#setLine(playLine(startFen, ucis.slice(0, plies), chess960));
    this.#letThink();
  }

  /** At one board: whether it turns to the side that is to move. */
  async turn() {
    this.#record = { ...this.#record, turning: !this.#record.turning };
    this.#changed();
    await this.#keep();
  }

  async acceptTakeback() {}

  async decline() {}

  async join() {}

  /** @param {string} own The name of who plays here. */
  pgn(own) {
    return localPgn(this.#record, own);
  }

  close() {
    this.#stopThinking();
  }

  /** Whose moves are made here now. */
  get #you() {
    return this.#record.kind === 'board' ? this.#line.pos.turn : this.#record.you;
  }

  #requireRunning() {
    if (this.#record.result) throw new LocalGameError('The game is over.');
  }

  /** @param {string} uci */
  async #play(uci) {
    const next = extendLine(this.#line, uci);
    if (!next) throw new LocalGameError(`${uci} is not possible here.`);
    await this.#setLine(next, endByRule(next));
  }

  /** @param {Result} result */
  async #end(result) {
    this.#stopThinking();
    await this.#setLine(this.#line, result);
  }

  /**
   * @param {import('../chess/rules.js').Line} line
   * @param {Result | null} [result]
   */
  async #setLine(line, result = null) {
    this.#line = line;
    this.#record = {
      ...this.#record,
      ucis: line.moves.map((move) => move.uci),
      result,
      updatedMs: this.#now(),
    };
    this.#changed();
    await this.#keep();
  }

  /** A device that cannot keep the game is no reason not to play it. */
  async #keep() {
    const before = this.#saved;
    this.#saved = await this.#save(this.#record);
    if (before && !this.#saved) this.#notice('storage', UNSAVED);
  }

  #letThink() {
    const { result } = this.#record;
    if (result || this.#thinking || this.#line.pos.turn === this.#you) return;
    const thinking = new AbortController();
    this.#thinking = thinking;
    this.#changed();
    this.#mind
      .think(this.#record, thinking.signal)
      .then(
        async (reply) => {
          if (this.#thinking !== thinking) return;
          this.#thinking = null;
          this.#cp = reply.cp;
          await this.#play(reply.uci);
        },
        (error) => {
          if (this.#thinking !== thinking) return;
          this.#thinking = null;
          this.#changed();
          const why = error instanceof Error ? error.message : String(error);
          this.#notice('engine', `The computer could not move: ${why}. Reload the page to go on.`);
        },
      )
      .catch((error) => this.#notice('storage', `The game could not be saved: ${error}`));
  }

  #stopThinking() {
    this.#thinking?.abort();
    this.#thinking = null;
  }

  #changed() {
    this.#state = null;
    this.dispatchEvent(new CustomEvent('change', { detail: this.state }));
  }

  /**
   * @param {string} code
   * @param {string} words
   */
  #notice(code, words) {
    this.dispatchEvent(new CustomEvent('notice', { detail: { code, words } }));
  }

  /** @returns {GameState} */
  #snapshot() {
    const { id, kind, startFen, chess960, result } = this.#record;
    const { pos, moves } = this.#line;
    const you = this.#you;
    const running = result === null;
    const yourTurn = running && pos.turn === you;
    const ownMoves = kind === 'board' ? moves.length : ownMoveCount(startFen, moves.length, you);
    return {
      id,
      phase: running ? 'playing' : 'over',
      variant: chess960 ? 'chess960' : 'standard',
      startFen,
      clock: { kind: 'none' },
      takebacks: true,
      creator: '',
      white: null,
      black: null,
      keptFor: null,
      you,
      seat: 'seated',
      present: { white: null, black: null },
      fen: moves.at(-1)?.fen ?? startFen,
      ply: moves.length,
      turn: pos.turn,
      check: pos.isCheck(),
      moves,
      dests: yourTurn ? destinations(pos, chess960) : {},
      pending: null,
      offers: { draw: null, takeback: null },
      can: {
        move: yourTurn,
        resign: running,
        abort: running && ownMoves === 0,
        claimDraw: yourTurn && claim(this.#line) !== null,
        acceptDraw: false,
        askTakeback: running && ownMoves > 0,
        acceptTakeback: false,
        leaveClock: false,
      },
      result,
      path: 'none',
      home: 'heard',
      ...{ device: 'here', leaving: 'none', goesOnIn: null, goesOnFrom: null },
      direct: 'none',
      findings: [],
    };
  }
}

/**
 * @param {string} startFen
 * @param {number} plies
 * @param {Colour} you
 */
function ownMoveCount(startFen, plies, you) {
  const first = startFen.split(' ')[1] === 'b' ? 'black' : 'white';
  return first === you ? Math.ceil(plies / 2) : Math.floor(plies / 2);
}

/**
 * A game that has not begun.
 *
 * @param {Pick<LocalRecord, 'id' | 'kind' | 'startFen'> & Partial<LocalRecord> & { nowMs: number }} choice
 * @returns {LocalRecord}
 */
export const newRecord = ({ nowMs, ...choice }) =>
  knownRecord({ ...choice, createdMs: nowMs, updatedMs: nowMs });

/**
 * A record as it is read: what an earlier version of the page did not keep is as it was then.
 *
 * @param {Pick<LocalRecord, 'id' | 'startFen' | 'createdMs' | 'updatedMs'> & Partial<LocalRecord>} kept
 * @returns {LocalRecord}
 */
export const knownRecord = (kept) => ({
  kind: 'computer',
  level: 1,
  levelName: '',
  you: 'white',
  turning: false,
  chess960: false,
  ucis: [],
  result: null,
  ...kept,
});

/**
 * A game of this device as PGN.
 *
 * @param {LocalRecord} record
 * @param {string} own The name of who plays here; empty for none.
 */
export function localPgn(record, own) {
  const { kind, you, level, levelName, startFen, chess960, ucis, result, createdMs } = record;
  const computer = `Rookery level ${level} (${levelName})`;
  const name = (/** @type {Colour} */ colour) =>
    kind === 'board' ? '?' : you === colour ? own || 'Player' : computer;
  return writePgn({
    white: name('white'),
    black: name('black'),
    date: new Date(createdMs),
    startFen,
    chess960,
    sans: playLine(startFen, ucis, chess960).moves.map((move) => move.san),
    result,
    event: kind === 'board' ? 'Game at one board' : 'Game against the computer',
  });
}
