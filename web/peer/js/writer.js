// One tab writes for a key: by a Web Lock, or, where pages have none (plain http on a local network), by a lease in
// IndexedDB. A tab that is not the writer waits, and becomes it when the other is gone.

/** @import { Store } from './store.js' */

/** How often a lease is renewed or asked for, in ms. */
const RENEW_MS = 1000;
/** How long a lease lasts, in ms: a tab that renews it late, because it was frozen, has lost it. */
const LEASE_MS = 4000;

/**
 * @typedef {object} Writer
 * @property {boolean} held
 * @property {string | null} holder The lease that every write must check; null where a lock is held.
 * @property {() => Promise<void>} release
 */

/**
 * @param {object} options
 * @param {string} options.name
 * @param {Store} options.store
 * @param {LockManager} [options.locks]
 * @param {(held: boolean) => void} options.onChange Not called for what the returned writer says already.
 * @returns {Promise<Writer>}
 */
export function claimWriter({ name, store, locks, onChange }) {
  return locks ? byLock(name, locks, onChange) : byLease(name, store, onChange);
}

/**
 * @param {string} name
 * @param {LockManager} locks
 * @param {(held: boolean) => void} onChange
 * @returns {Promise<Writer>}
 */
async function byLock(name, locks, onChange) {
  /** @type {() => void} */
  let end = () => {};
  const held = new Promise((/** @type {(value: void) => void} */ resolve) => {
    end = resolve;
  });
  const waiting = new AbortController();
  const writer = {
    held: false,
    holder: null,
    async release() {
      writer.held = false;
      waiting.abort();
      end();
    },
  };
  await new Promise((/** @type {(value: void) => void} */ resolve) => {
    void locks.request(name, { ifAvailable: true }, (lock) => {
      writer.held = lock !== null;
      resolve();
      return lock ? held : undefined;
    });
  });
  if (!writer.held) {
    locks
      .request(name, { signal: waiting.signal }, () => {
        writer.held = true;
        onChange(true);
        return held;
      })
      // Released before it was granted.
      .catch(() => {});
  }
  return writer;
}

/**
 * The holder that this tab was before it was loaded again, else a new one. The name lies in the tab's own storage only
 * while no page is there, so a tab that is duplicated does not take it along.
 *
 * @param {string} name
 */
function takeHolder(name) {
  try {
    const before = sessionStorage.getItem(name);
    sessionStorage.removeItem(name);
    if (before) return before;
  } catch {
    // Without it a page that is loaded again waits until its old lease ends.
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {string} name
 * @param {Store} store
 * @param {(held: boolean) => void} onChange
 * @returns {Promise<Writer>}
 */
async function byLease(name, store, onChange) {
  const holder = takeHolder(name);
  const renew = () => store.lease(holder, LEASE_MS).catch(() => false);
  const writer = {
    held: await renew(),
    holder,
    async release() {
      clearInterval(timer);
      removeEventListener('pagehide', leave);
      writer.held = false;
      await store.unlease(holder).catch(() => {});
    },
  };
  const timer = setInterval(async () => {
    const held = await renew();
    if (held === writer.held) return;
    writer.held = held;
    onChange(held);
  }, RENEW_MS);
  const leave = () => {
    try {
      if (writer.held) sessionStorage.setItem(name, holder);
    } catch {
      // As above.
    }
    void store.unlease(holder).catch(() => {});
  };
  addEventListener('pagehide', leave);
  return writer;
}
