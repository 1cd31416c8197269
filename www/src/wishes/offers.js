// What is said to the other side instead of a move: joining, resigning, draws, takebacks.

/**
 * @import { Table } from '../table/table-state.js'
 * @import { Desk } from './desk.js'
 */

/** @param {Desk} desk */
export function offerWishes({ dispatch, table, game, ask, complain }) {
  return {
    async join() {
      dispatch({ type: 'table', fields: { joining: true } });
      const asked = game();
      try {
        await asked?.join();
      } catch (error) {
        // A refusal is part of the game's state and stays on screen; anything else is told once.
        if (asked?.state.seat !== 'refused') complain(error);
      } finally {
        dispatch({ type: 'table', fields: { joining: false } });
      }
    },

    /** @param {Table['question']} question Null to ask nothing. */
    question(question) {
      dispatch({ type: 'table', fields: { question } });
    },

    resign() {
      dispatch({ type: 'table', fields: { question: null } });
      return ask((opened) => opened.resign());
    },

    abort: () => ask((opened) => opened.abort()),
    draw: () => ask((opened) => opened.draw()),
    /** Between two people at one board a draw is agreed on as soon as it is offered, so it is asked about first. */
    offerDraw() {
      if (table()?.kind === 'board') dispatch({ type: 'table', fields: { question: 'draw' } });
      else void ask((opened) => opened.offerDraw());
    },

    agreeDraw() {
      dispatch({ type: 'table', fields: { question: null } });
      return ask((opened) => opened.offerDraw());
    },

    askTakeback: () => ask((opened) => opened.askTakeback()),
    acceptTakeback: () => ask((opened) => opened.acceptTakeback()),
    decline: () => ask((opened) => opened.decline()),
    /** Plays a game here that another device with this key began. */
    takeUp: () => ask(async (opened) => 'takeUp' in opened && (await opened.takeUp())),
    /** Offers to go on without the clock, or accepts the opponent's offer. */
    leaveClock: () => ask(async (opened) => 'leaveClock' in opened && (await opened.leaveClock())),

    /** @param {boolean} allowed Whether this device may connect to the opponent's. */
    allowDirect: (allowed) =>
      ask(async (opened) => 'allowDirect' in opened && (await opened.allowDirect(allowed))),
  };
}
