// Games from outside, kept on this device in IndexedDB: what a list shows apart from what is needed to look at one.

import { openDB } from 'idb';

/** @import { DBSchema, IDBPDatabase } from 'idb' */
/** @import { ImportedEntry, ImportedRecord } from './imported-record.js' */

/**
 * @typedef {DBSchema & { entries: { key: string, value: ImportedEntry }, games: { key: string, value: ImportedRecord } }} Schema
 */

/** @type {Promise<IDBPDatabase<Schema>> | null} */
let opened = null;

function database() {
  opened ??= openDB('rookery-archive', 1, {
    upgrade(db) {
      db.createObjectStore('entries', { keyPath: 'id' });
      db.createObjectStore('games', { keyPath: 'id' });
    },
    blocking() {
      void opened?.then((db) => db.close());
      opened = null;
    },
  });
  opened.catch(() => {
    opened = null;
  });
  return opened;
}

/**
 * @param {ImportedRecord} record
 * @returns {ImportedEntry}
 */
export function entryOf({ id, kind, importedMs, playedMs, white, black, event, result, plies }) {
  return { id, kind, importedMs, playedMs, white, black, event, result, plies };
}

/**
 * All of them or none.
 *
 * @param {ImportedRecord[]} records
 */
export async function saveImported(records) {
  const db = await database();
  const transaction = db.transaction(['entries', 'games'], 'readwrite');
  const entries = transaction.objectStore('entries');
  const games = transaction.objectStore('games');
  // The end of the transaction tells of each failure.
  for (const record of records) {
    entries.put(entryOf(record)).catch(() => {});
    games.put(record).catch(() => {});
  }
  await transaction.done;
}

/**
 * @param {string} id
 * @returns {Promise<ImportedRecord | null>}
 */
export async function loadImported(id) {
  const db = await database();
  return (await db.get('games', id)) ?? null;
}

/** @returns {Promise<ImportedEntry[]>} */
export async function listImported() {
  const db = await database();
  return db.getAll('entries');
}

/** @param {string} id */
export async function removeImported(id) {
  const db = await database();
  const transaction = db.transaction(['entries', 'games'], 'readwrite');
  transaction
    .objectStore('entries')
    .delete(id)
    .catch(() => {});
  transaction
    .objectStore('games')
    .delete(id)
    .catch(() => {});
  await transaction.done;
}
