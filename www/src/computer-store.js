// Games against the computer, kept on this device in IndexedDB.

import { openDB } from 'idb';

/** @import { DBSchema, IDBPDatabase } from 'idb' */
/** @import { ComputerRecord } from './computer-game.js' */

/**
 * @typedef {DBSchema & { games: { key: string, value: ComputerRecord, indexes: { updatedMs: number } } }} Schema
 */

/** Finished games beyond this many are forgotten, oldest first. */
const FINISHED_KEPT = 50;

/** @type {Promise<IDBPDatabase<Schema>> | null} */
let opened = null;

function database() {
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

/** @param {ComputerRecord} record */
export async function saveComputerGame(record) {
  const db = await database();
  await db.put('games', record);
}

/** @param {string} id */
export async function loadComputerGame(id) {
  const db = await database();
  return (await db.get('games', id)) ?? null;
}

/** @returns {Promise<ComputerRecord[]>} Newest first. */
export async function listComputerGames() {
  const db = await database();
  const games = (await db.getAllFromIndex('games', 'updatedMs')).reverse();
  const stale = games.filter((game) => game.result).slice(FINISHED_KEPT);
  await Promise.all(stale.map((game) => db.delete('games', game.id)));
  return games.filter((game) => !stale.includes(game));
}
