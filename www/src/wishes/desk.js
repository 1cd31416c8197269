// What every group of wishes works with: the state, the game on screen, the peer, and a way to tell the person something.

/**
 * @import { Game, Peer } from '@rookery/peer'
 * @import { Action, AppState } from '../app-state.js'
 * @import { ImportedGame } from '../archive/imported-game.js'
 * @import { LocalGame } from '../table/local-game.js'
 * @import { Route } from '../route.js'
 * @import { Store } from '../store.js'
 * @import { Table } from '../table/table-state.js'
 */

/** How long a message stays, in ms. */
const TOAST_MS = 6000;

/** @typedef {Game | LocalGame | ImportedGame} PlayedGame */

/**
 * @typedef {object} Desk
 * @property {Store<AppState, Action>} store
 * @property {(action: Action) => void} dispatch
 * @property {() => Table | null} table
 * @property {() => PlayedGame | null} game The game on screen.
 * @property {() => Promise<Peer>} needPeer Brings the peer up where it is not yet.
 * @property {(route: Route) => void} go
 * @property {(words: string) => void} say Shows a message for a while.
 * @property {(error: unknown) => void} complain
 * @property {(action: (game: PlayedGame) => Promise<unknown>) => Promise<void>} ask Lets the game on screen do something;
 *   what goes wrong is told in words.
 */

/**
 * @param {Pick<Desk, 'store' | 'game' | 'needPeer' | 'go'>} given
 * @returns {Desk}
 */
export function createDesk(given) {
  const { store, game } = given;
  const { dispatch } = store;
  let toasts = 0;

  /** @param {string} words */
  function say(words) {
    const id = ++toasts;
    dispatch({ type: 'toast', id, words });
    setTimeout(() => dispatch({ type: 'toast-gone', id }), TOAST_MS);
  }

  /** @param {unknown} error */
  function complain(error) {
    say(error instanceof Error ? error.message : String(error));
  }

  /** @param {(game: PlayedGame) => Promise<unknown>} action */
  async function ask(action) {
    const asked = game();
    if (!asked) return;
    try {
      await action(asked);
    } catch (error) {
      complain(error);
    }
  }

  return { ...given, dispatch, table: () => store.get().table, say, complain, ask };
}
