// Codes to type: one is asked for while an own invitation is on screen, and a game is opened by one that somebody tells.

import { screen } from '../app-state.js';
import { codeOf, codeSpoken, gameOf } from '../people/codes.js';

/**
 * @import { NoCode } from '../people/codes.js'
 * @import { Desk } from './desk.js'
 */

/** When a relay that gave no code is asked again, in ms; what is not here, never. @type {Partial<Record<NoCode, number>>} */
const AGAIN_MS = { unknown: 3000, silent: 10_000, limited: 60_000, full: 60_000 };
/** A code that has just expired is asked for anew, in ms behind its end. */
const BEHIND_MS = 500;

/** @type {Record<NoCode, string>} */
const WORDS = {
  unknown:
    'No open game has this code here. A code holds for a short while, until somebody sits down, and on the page that gave it: look at each letter, or ask for a new one.',
  limited:
    'Too many codes were tried from your network. Wait a minute, or ask for the link instead.',
  full: 'The relay can look up no code right now. Try again, or ask for the link instead.',
  none: 'No relay of this page knows codes. Ask for the link instead.',
  private: 'This relay is private: paste the word your host gave you first.',
  silent: 'The relay does not answer, so the code cannot be looked up. Try again in a moment.',
};

/** @param {Desk} desk */
export function codingWishes({ store, dispatch, go }) {
  /** The invitation for which codes are asked, with its connection; empty for none. */
  let wanted = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {string} mine What was wanted when it was asked for. */
  async function ask(mine) {
    clearTimeout(timer);
    const [id = ''] = mine.split(' ');
    const given = await codeOf(id);
    if (wanted !== mine) return;
    const before = store.get().table?.code ?? null;
    const code = 'code' in given ? { text: given.code, untilMs: Date.now() + given.holdsMs } : null;
    dispatch({ type: 'table', fields: { code } });
    if (code && before && before.text !== code.text) {
      dispatch({ type: 'announce', words: `The code is now ${codeSpoken(code.text)}.` });
    }
    const wait = 'code' in given ? given.holdsMs + BEHIND_MS : AGAIN_MS[given.no];
    if (wait !== undefined) timer = setTimeout(() => void ask(mine), wait);
  }

  // A relay that was started anew has forgotten its codes, so each connection asks again; a code that holds stays the same.
  let connections = 0;
  let connected = false;
  store.subscribe((state) => {
    const now = state.peer.connection.state === 'connected';
    if (now && !connected) connections += 1;
    connected = now;
    const waiting = 'id' in state.route && screen(state) === 'waiting';
    const next = waiting && connections > 0 ? `${state.table?.id} ${connections}` : '';
    if (next === wanted) return;
    wanted = next;
    clearTimeout(timer);
    if (next) void ask(next);
  });

  return {
    /**
     * Opens the game that a code leads to.
     *
     * @param {string} code As `readCode` gives it.
     */
    async openCode(code) {
      if (store.get().paste.busy) return;
      dispatch({ type: 'paste', busy: true, error: '' });
      const found = await gameOf(code);
      const stayed = store.get().route.screen === 'home';
      const error = 'no' in found ? WORDS[found.no] : '';
      dispatch({ type: 'paste', busy: false, error });
      if ('game' in found && stayed) go({ screen: 'game', id: found.game, relay: null });
    },
  };
}
