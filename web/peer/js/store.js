// What this device keeps, in IndexedDB: the player's key, games with their items, and the lease of the writing tab.
// What must not be lost is written with strict durability, and counts as stored when the transaction has completed.

import { PeerError } from './errors.js';

/** @import { GameId, GameSummary } from './index.d.ts' */

/**
 * @typedef {object} KeptGame
 * @property {GameId} id
 * @property {number} createdMs
 * @property {Uint8Array | null} notes What the core keeps beside the items.
 * @property {string | null} relay The relay to ask, where it is not one of the page's own.
 * @property {Pick<GameSummary, 'you' | 'opponent' | 'ply' | 'phase' | 'result' | 'clock' | 'turn' | 'goesOnIn'> | null} summary
 */

/** @typedef {{ holder: string, untilMs: number }} Lease */

/** @typedef {{ id: GameId, game: KeptGame, rows: { game: GameId, bytes: Uint8Array }[] }} Taken A game out of the store. */

const VERSION = 1;
/** How long the browser may take to open its storage, in ms. */
const OPEN_MS = 8000;

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error ?? new Error('the write was aborted'));
  });
}

/** @param {unknown} error */
function storageError(error) {
  if (error instanceof PeerError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const words =
    name === 'QuotaExceededError'
      ? 'The storage of this device is full, so nothing could be kept or sent. Free some space, then try again.'
      : name === 'SecurityError'
        ? 'The browser lets this page store nothing: allow it to, or leave the private window.'
        : `This device cannot store the game: ${message}`;
  return new PeerError('storage', words, error);
}

export class Store {
  #db;

  /** @param {IDBDatabase} db */
  constructor(db) {
    this.#db = db;
    // Another tab with a newer page may change the layout; this one reports errors from then on.
    db.onversionchange = () => db.close();
  }

  /** @param {string} name */
  static async open(name) {
    try {
      const request = indexedDB.open(name, VERSION);
      const opened = result(request);
      request.onupgradeneeded = () => {
        const db = request.result;
        db.createObjectStore('keys');
        db.createObjectStore('games', { keyPath: 'id' });
        db.createObjectStore('items', { autoIncrement: true }).createIndex('game', 'game');
        db.createObjectStore('lease');
      };
      const blocked = new Promise((/** @type {(value: never) => void} */ _, reject) => {
        const give = (/** @type {string} */ words) => reject(new PeerError('storage', words));
        request.onblocked = () =>
          give('A tab with an older version of this page is open. Close it, then reload this one.');
        setTimeout(
          () =>
            give("The browser's storage does not answer. Close other tabs, then reload this one."),
          OPEN_MS,
        );
      });
      const db = await Promise.race([opened, blocked]).catch((error) => {
        // One that comes too late is in nobody's way.
        opened.then(
          (late) => late.close(),
          () => {},
        );
        throw error;
      });
      return new Store(db);
    } catch (error) {
      throw storageError(error);
    }
  }

  close() {
    this.#db.close();
  }

  /**
   * Runs one transaction to its end.
   *
   * @template T
   * @param {string[]} stores
   * @param {IDBTransactionMode} mode
   * @param {boolean} strict
   * @param {(transaction: IDBTransaction) => Promise<T>} act Awaits nothing but requests of the transaction.
   * @returns {Promise<T>}
   */
  async #run(stores, mode, strict, act) {
    try {
      const durability = strict ? 'strict' : 'relaxed';
      const transaction = this.#db.transaction(stores, mode, { durability });
      const end = completed(transaction);
      // The first failure is the one that is told.
      end.catch(() => {});
      try {
        const value = await act(transaction);
        await end;
        return value;
      } catch (error) {
        try {
          transaction.abort();
        } catch {
          // It has ended already.
        }
        throw error;
      }
    } catch (error) {
      throw storageError(error);
    }
  }

  /**
   * The player's secret key; made on first use. Two tabs that start at once get the same.
   *
   * @returns {Promise<Uint8Array>}
   */
  secret() {
    const fresh = crypto.getRandomValues(new Uint8Array(32));
    return this.#run(['keys'], 'readwrite', true, async (transaction) => {
      const keys = transaction.objectStore('keys');
      const known = await result(keys.get('player'));
      if (known) return /** @type {{ secret: Uint8Array }} */ (known).secret;
      keys.add({ secret: fresh }, 'player');
      return fresh;
    });
  }

  /**
   * Every game, newest first.
   *
   * @returns {Promise<KeptGame[]>}
   */
  async games() {
    const games = await this.#run(['games'], 'readonly', false, (transaction) =>
      result(/** @type {IDBRequest<KeptGame[]>} */ (transaction.objectStore('games').getAll())),
    );
    return games.sort((a, b) => b.createdMs - a.createdMs);
  }

  /**
   * @param {GameId} id
   * @returns {Promise<{ game: KeptGame, items: Uint8Array } | null>} The items one behind the other, genesis first.
   */
  game(id) {
    return this.#run(['games', 'items'], 'readonly', false, async (transaction) => {
      const game = /** @type {KeptGame | undefined} */ (
        await result(transaction.objectStore('games').get(id))
      );
      if (!game) return null;
      const rows = /** @type {{ bytes: Uint8Array }[]} */ (
        await result(transaction.objectStore('items').index('game').getAll(id))
      );
      const items = new Uint8Array(rows.reduce((sum, { bytes }) => sum + bytes.length, 0));
      let at = 0;
      for (const { bytes } of rows) {
        items.set(bytes, at);
        at += bytes.length;
      }
      return { game, items };
    });
  }

  /**
   * Stores items behind those of their game; with notes, also the game itself.
   *
   * @param {object} what
   * @param {GameId} what.id
   * @param {Uint8Array | null} what.notes
   * @param {Uint8Array[]} what.items
   * @param {string | null} what.relay
   * @param {boolean} what.strict Durable before the promise resolves.
   * @param {string | null} what.holder The lease that this tab must hold.
   */
  put({ id, notes, items, relay, strict, holder }) {
    const stores = ['games', 'items', ...(holder ? ['lease'] : [])];
    return this.#run(stores, 'readwrite', strict, async (transaction) => {
      if (holder) {
        const lease = /** @type {Lease | undefined} */ (
          await result(transaction.objectStore('lease').get('writer'))
        );
        if (lease?.holder !== holder) {
          throw new PeerError('read-only-tab', 'Another tab plays now; this one only watches.');
        }
      }
      const games = transaction.objectStore('games');
      if (notes) {
        const known = /** @type {KeptGame | undefined} */ (await result(games.get(id)));
        const game = known ?? { id, createdMs: Date.now(), relay, summary: null };
        games.put({ ...game, notes });
      }
      for (const bytes of items) transaction.objectStore('items').add({ game: id, bytes });
    });
  }

  /**
   * Forgets a game with its items.
   *
   * @param {GameId} id
   */
  remove(id) {
    return this.#run(['games', 'items'], 'readwrite', true, async (transaction) => {
      transaction.objectStore('games').delete(id);
      const items = transaction.objectStore('items');
      for (const key of await result(items.index('game').getAllKeys(id))) items.delete(key);
    });
  }

  /**
   * Forgets a game and hands over what was kept of it.
   *
   * @param {GameId} id
   * @returns {Promise<Taken | null>}
   */
  take(id) {
    return this.#run(['games', 'items'], 'readwrite', true, async (transaction) => {
      const games = transaction.objectStore('games');
      const items = transaction.objectStore('items');
      const game = /** @type {KeptGame | undefined} */ (await result(games.get(id)));
      if (!game) return null;
      const rows = /** @type {Taken['rows']} */ (await result(items.index('game').getAll(id)));
      games.delete(id);
      for (const key of await result(items.index('game').getAllKeys(id))) items.delete(key);
      return { id, game, rows };
    });
  }

  /** @param {Taken} taken */
  give({ game, rows }) {
    return this.#run(['games', 'items'], 'readwrite', true, async (transaction) => {
      transaction.objectStore('games').put(game);
      for (const row of rows) transaction.objectStore('items').add(row);
    });
  }

  /**
   * Another key plays from the next start on; the one before is kept under its name.
   *
   * @param {Uint8Array} secret
   * @param {string} former The public key that was in use.
   */
  adopt(secret, former) {
    return this.#run(['keys'], 'readwrite', true, async (transaction) => {
      const keys = transaction.objectStore('keys');
      const known = await result(keys.get('player'));
      if (known) keys.put(known, `former-${former}`);
      keys.put({ secret }, 'player');
    });
  }

  /**
   * Keeps what a list of games shows. A game that is not kept stays so.
   *
   * @param {GameId} id
   * @param {NonNullable<KeptGame['summary']>} summary
   */
  summarize(id, summary) {
    return this.#run(['games'], 'readwrite', false, async (transaction) => {
      const games = transaction.objectStore('games');
      const game = /** @type {KeptGame | undefined} */ (await result(games.get(id)));
      if (game) games.put({ ...game, summary });
    });
  }

  /**
   * Takes or renews the lease.
   *
   * @param {string} holder
   * @param {number} forMs
   * @returns {Promise<boolean>} False while another holds it.
   */
  lease(holder, forMs) {
    return this.#run(['lease'], 'readwrite', false, async (transaction) => {
      const leases = transaction.objectStore('lease');
      const lease = /** @type {Lease | undefined} */ (await result(leases.get('writer')));
      const now = Date.now();
      // A lease from far ahead is from before the clock was set back; a little ahead is another process's clock.
      const valid = lease && lease.untilMs > now && lease.untilMs < now + 2 * forMs;
      if (valid && lease.holder !== holder) {
        return false;
      }
      leases.put({ holder, untilMs: now + forMs }, 'writer');
      return true;
    });
  }

  /** @param {string} holder */
  unlease(holder) {
    return this.#run(['lease'], 'readwrite', false, async (transaction) => {
      const leases = transaction.objectStore('lease');
      const lease = /** @type {Lease | undefined} */ (await result(leases.get('writer')));
      if (lease?.holder === holder) leases.delete('writer');
    });
  }
}
