// What a test started is ended with it: last started, first ended, and all of it, whatever fails on the way.

/**
 * @typedef {object} Scope What a relay or a browser lives in: a test's context, or a bench.
 * @property {string} name
 * @property {(end: () => Promise<void>) => void} after
 * @property {(message: string) => void} diagnostic
 */

/** @type {WeakMap<Scope, (() => Promise<unknown>)[]>} */
const endings = new WeakMap();

/**
 * @param {Scope} t
 * @param {() => Promise<unknown>} end
 */
export function atEnd(t, end) {
  const known = endings.get(t);
  if (known) {
    known.push(end);
    return;
  }
  const mine = [end];
  endings.set(t, mine);
  // The runner skips the hooks after one that throws, and a process that lives on keeps it from ending.
  t.after(async () => {
    const errors = [];
    for (const one of mine.reverse()) {
      try {
        await one();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  });
}
