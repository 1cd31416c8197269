// What is said to the other side instead of a move: joining, resigning, draws, takebacks.

/** @import { Desk } from './desk.js' */

/** @param {Desk} desk */
export function offerWishes({ dispatch, game, ask, complain }) {
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

    /** @param {boolean} confirmingResign */
    askResign(confirmingResign) {
      dispatch({ type: 'table', fields: { confirmingResign } });
    },

    resign() {
      dispatch({ type: 'table', fields: { confirmingResign: false } });
      return ask((opened) => opened.resign());
    },

    abort: () => ask((opened) => opened.abort()),
    draw: () => ask((opened) => opened.draw()),
    offerDraw: () => ask((opened) => opened.offerDraw()),
    askTakeback: () => ask((opened) => opened.askTakeback()),
    acceptTakeback: () => ask((opened) => opened.acceptTakeback()),
    decline: () => ask((opened) => opened.decline()),
  };
}
