// Games of this device, kept on it in IndexedDB.

import { openDB } from 'idb';
import { knownRecord } from './local-game.js';
import { heldGame, saveOrHold, withHeld } from '../device/unsaved.js';

/** @import { DBSchema, IDBPDatabase } from 'idb' */
/** @import { LocalRecord } from './local-game.js' */

/**
 * @typedef {DBSchema & { games: { key: string, value: LocalRecord, indexes: { updatedMs: number } } }} Schema
 */

/** @type {Promise<IDBPDatabase<Schema>> | null} */
let opened = null;

/** How long the browser's storage is waited for, in ms. */
const OPEN_MS = 4000;

function database() {
  return (opened ??= openOnce());
}

/** @returns {Promise<IDBPDatabase<Schema>>} */
function openOnce() {
  // The name is from the time when only the computer was played here.
  /** @type {Promise<IDBPDatabase<Schema>>} */
  const opening = openDB('rookery-computer', 1, {
    upgrade(db) {
      db.createObjectStore('games', { keyPath: 'id' }).createIndex('updatedMs', 'updatedMs');
    },
    blocking() {
      void opened?.then((db) => db.close());
      opened = null;
    },
    terminated() {
      opened = null;
    },
  });
  const silence = new Promise((/** @type {(value: never) => void} */ _, reject) => {
    setTimeout(() => reject(new Error('the storage does not answer')), OPEN_MS);
  });
  opening.then(
    // It may have been given up meanwhile.
    () => (opened = opening),
    // What cannot be opened now may be later.
    () => (opened = null),
  );
  return Promise.race([opening, silence]);
}

/**
 * @param {LocalRecord} record
 * @returns {Promise<boolean>} False where the device cannot keep it now; then it lives as long as the page.
 */
export function saveLocalGame(record) {
  return saveOrHold(record, async () => (await database()).put('games', record));
}

/** @param {string} id */
export async function loadLocalGame(id) {
  const held = heldGame(id);
  if (held) return held;
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
export const listLocalGames = () => withHeld(listSaved);

async function listSaved() {
  const db = await database();
  return (await db.getAllFromIndex('games', 'updatedMs')).reverse().map(knownRecord);
}
