// Games of this device, kept on it in IndexedDB.

import { openDB } from 'idb';
import { knownRecord } from './local-game.js';

/** @import { DBSchema, IDBPDatabase } from 'idb' */
/** @import { LocalRecord } from './local-game.js' */

/**
 * @typedef {DBSchema & { games: { key: string, value: LocalRecord, indexes: { updatedMs: number } } }} Schema
 */

/** Finished games beyond this many are forgotten, oldest first. */
const FINISHED_KEPT = 50;

/** @type {Promise<IDBPDatabase<Schema>> | null} */
let opened = null;

function database() {
  // The name is from the time when only the computer was played here.
  opened ??= openDB('rookery-computer', 1, {
    upgrade(db) {
      db.createObjectStore('games', { keyPath: 'id' }).createIndex('updatedMs', 'updatedMs');
    },
    blocking() {
      void opened?.then((db) => db.close());
      opened = null;
    },
  });
  return opened;
}

/** @param {LocalRecord} record */
export async function saveLocalGame(record) {
  const db = await database();
  await db.put('games', record);
}

/** @param {string} id */
export async function loadLocalGame(id) {
  const db = await database();
  const kept = await db.get('games', id);
  return kept ? knownRecord(kept) : null;
}

/** @returns {Promise<LocalRecord[]>} Newest first. */
export async function listLocalGames() {
  const db = await database();
  const games = (await db.getAllFromIndex('games', 'updatedMs')).reverse();
  const stale = games.filter((game) => game.result).slice(FINISHED_KEPT);
  await Promise.all(stale.map((game) => db.delete('games', game.id)));
  return games.filter((game) => !stale.includes(game)).map(knownRecord);
}
