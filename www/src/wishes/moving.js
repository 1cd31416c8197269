// Making a move: dropped on the board or typed, with the choice of a promotion and, where it is wished, a question before it
// is played; and premoves, which wait for their turn.

import { readMove, spokenSan } from '../chess/notation.js';
import { premoveDests, premoveUci } from '../table/premoves.js';
import { extendLine, isPromotion, playLine } from '../chess/rules.js';
import { asksBefore } from '../device/settings.js';
import { imagined, MAX_PREMOVES, mayPremove } from '../table/table-state.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { Premove } from '../table/premoves.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Desk } from './desk.js'
 */

/** @param {Desk} desk */
export function movingWishes({ store, dispatch, table, game, say, complain }) {
  const premoving = (/** @type {Table} */ current) => mayPremove(current, store.get().peer.writer);

  /**
   * Plays a move that was made just now: what was open for it is done.
   *
   * @param {string} uci
   */
  function play(uci) {
    const cleared = { promotion: null, candidate: null, moveText: '', moveError: '' };
    dispatch({ type: 'table', fields: cleared });
    return send(uci);
  }

  /** @param {string} uci */
  async function send(uci) {
    const mover = game();
    if (!mover) return;
    try {
      await mover.move(uci);
    } catch (error) {
      dispatch({ type: 'plans-cancelled' });
      dispatch({ type: 'board-reset' });
      complain(error);
    }
  }

  /**
   * Plays a move, or puts it on the board and asks.
   *
   * @param {string} uci
   */
  function propose(uci) {
    const state = table()?.game;
    if (!state) return;
    const { fen, variant, clock } = state;
    const next = extendLine(playLine(fen, [], variant === 'chess960'), uci);
    if (!next || !asksBefore(store.get().settings, clock)) {
      void play(uci);
      return;
    }
    const [candidate] = next.moves;
    dispatch({ type: 'candidate', candidate });
    dispatch({ type: 'announce', words: `${spokenSan(candidate.san)}? Confirm or cancel.` });
  }

  function confirm() {
    const uci = table()?.candidate?.uci;
    if (uci) void play(uci);
  }

  /** @param {Premove} premove */
  function addPremove(premove) {
    const before = table()?.premoves.length ?? 0;
    dispatch({ type: 'premove', premove });
    const current = table();
    if (!current || current.premoves.length === before) {
      dispatch({ type: 'board-reset' });
      say(`At most ${MAX_PREMOVES} premoves can wait.`);
      return;
    }
    const name = imagined(current)?.names.at(-1) ?? '';
    dispatch({ type: 'announce', words: `Premove ${current.premoves.length}: ${name}.` });
  }

  /**
   * What was typed while the other side is to move.
   *
   * @param {Table} current
   * @param {GameState} state
   * @returns {Premove | { error: string }}
   */
  function typedPremove(current, { fen, pending, you, variant }) {
    const chess960 = variant === 'chess960';
    const plain = pending?.fen ?? fen;
    const colour = you ?? 'white';
    // With the own side to move, for what is typed is read as a move.
    const turned = plain.replace(/ [wb] (\S+) \S+/, ` ${colour[0]} $1 -`);
    const from = imagined(current)?.fen ?? turned;
    let uci = current.moveText.trim().toLowerCase();
    if (!/^[a-h][1-8][a-h][1-8][qrbn]?$/.test(uci)) {
      try {
        const read = readMove(from, current.moveText, chess960);
        if ('error' in read) return read;
        uci = read.uci;
      } catch {
        // The other king may stand in check where two moves are made in a row, and no rule reads such a position.
        return { error: 'A premove is best typed as two squares, such as g1f3.' };
      }
    }
    const [start, end] = [uci.slice(0, 2), uci.slice(2, 4)];
    if (!premoveDests(from, colour, chess960)[start]?.includes(end)) {
      return { error: `${uci} is no move of a piece of yours.` };
    }
    const role = /** @type {Premove['role']} */ (uci[4]);
    return role ? { from: start, to: end, role } : { from: start, to: end };
  }

  return {
    confirm,

    /**
     * A piece was dropped; a pawn on the last rank first says what it becomes.
     *
     * @param {string} from
     * @param {string} to
     */
    drop(from, to) {
      const current = table();
      if (!current?.game) return;
      if (premoving(current)) addPremove({ from, to });
      else if (isPromotion(current.game.fen, from, to)) {
        const promotion = { from, to, colour: current.game.turn };
        dispatch({ type: 'table', fields: { promotion } });
      } else propose(from + to);
    },

    /** @param {'q' | 'r' | 'b' | 'n'} role */
    promote(role) {
      const promotion = table()?.promotion;
      if (promotion) propose(promotion.from + promotion.to + role);
    },

    cancelPromotion() {
      dispatch({ type: 'board-reset' });
    },

    /** @param {string} moveText */
    typeMove(moveText) {
      dispatch({ type: 'table', fields: { moveText, moveError: '' } });
    },

    submitMove() {
      const current = table();
      if (!current?.game) return;
      const fail = (/** @type {string} */ moveError) =>
        dispatch({ type: 'table', fields: { moveError } });
      if (premoving(current)) {
        const read = typedPremove(current, current.game);
        if ('error' in read) fail(read.error);
        else addPremove(read);
        return;
      }
      if (!current.game.can.move) {
        fail(current.game.phase === 'playing' ? 'It is not your turn.' : 'The game is over.');
        return;
      }
      if (current.candidate && current.moveText.trim() === '') {
        confirm();
        return;
      }
      const { fen, variant } = current.game;
      const read = readMove(fen, current.moveText, variant === 'chess960');
      if ('error' in read) fail(read.error);
      else propose(read.uci);
    },

    /** Takes back what is only planned, by one gesture: all premoves, or the move that is asked about. */
    cancelPlans() {
      const before = table();
      dispatch({ type: 'plans-cancelled' });
      if (!before || table() === before) return;
      dispatch({ type: 'board-reset' });
      const words = before.candidate ? 'The move is taken back.' : 'Premoves cancelled.';
      dispatch({ type: 'announce', words });
    },

    /** Plays the first premove if its turn has come: the position is confirmed and the own side is to move. */
    playPremove() {
      const current = table();
      if (!current?.game?.can.move || current.premoves.length === 0) return;
      const { fen, variant } = current.game;
      const [premove] = current.premoves;
      const uci = premoveUci(fen, premove, variant === 'chess960');
      if (uci !== null) {
        dispatch({ type: 'premove-taken' });
        // Whoever types the next one meanwhile goes on typing.
        void send(uci);
        return;
      }
      const [name] = imagined(current)?.names ?? [];
      const more = current.premoves.length - 1;
      dispatch({ type: 'plans-cancelled' });
      say(
        `${name} is not possible now: your premove${more > 0 ? ` and ${more} after it are` : ' is'} cancelled.`,
      );
    },
  };
}
