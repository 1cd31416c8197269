// The one place where the page's state lives: actions go in, a new state comes out, and whoever draws is told.

/**
 * @template S
 * @template A
 * @typedef {object} Store
 * @property {() => S} get The state as it stands.
 * @property {(action: A) => void} dispatch
 * @property {(listener: (state: S) => void) => () => void} subscribe Returns the function that ends it.
 */

/**
 * @template S
 * @template A
 * @param {(state: S, action: A) => S} reduce Pure: returns the same object when nothing changed.
 * @param {S} initial
 * @returns {Store<S, A>}
 */
export function createStore(reduce, initial) {
  let state = initial;
  /** @type {Set<(state: S) => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of [...listeners]) listener(state);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
