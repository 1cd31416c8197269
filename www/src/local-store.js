// Games of this device, kept on it in IndexedDB.

import { openDB } from 'idb';
import { knownRecord } from './local-game.js';

/** @import { DBSchema, IDBPDatabase } from 'idb' */
/** @import { LocalRecord } from './local-game.js' */

/**
 * @typedef {DBSchema & { games: { key: string, value: LocalRecord, indexes: { updatedMs: number } } }} Schema
 */

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

/** @param {string} id */
export async function removeLocalGame(id) {
  const db = await database();
  await db.delete('games', id);
}

/** @returns {Promise<LocalRecord[]>} Newest first. */
export async function listLocalGames() {
  const db = await database();
  return (await db.getAllFromIndex('games', 'updatedMs')).reverse().map(knownRecord);
}
