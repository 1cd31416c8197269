// Games that this device could not keep: storage is full, denied or broken. They live as long as the page, and each is
// tried again with its next move.

/** @import { LocalRecord } from '../table/local-game.js' */

/** Said once for each game. */
export const UNSAVED =
  'This browser does not let the page keep the game now: its storage is full or switched off. Play on, but save the PGN before you close the tab.';

/** @type {Map<string, LocalRecord>} */
const unsaved = new Map();

/**
 * Saves a record, or holds it here.
 *
 * @param {LocalRecord} record
 * @param {(record: LocalRecord) => Promise<unknown>} save
 * @returns {Promise<boolean>} False where it is only held here.
 */
export async function saveOrHold(record, save) {
  try {
    await save(record);
    unsaved.delete(record.id);
    return true;
  } catch (error) {
    console.info('a game could not be kept', error);
    unsaved.set(record.id, record);
    return false;
  }
}

/** @param {string} id */
export const heldGame = (id) => unsaved.get(id) ?? null;

/**
 * A list of games with those that are only held here.
 *
 * @param {() => Promise<LocalRecord[]>} list
 * @returns {Promise<LocalRecord[]>} Newest first.
 */
export async function withHeld(list) {
  const saved = await list().catch((error) => {
    console.info('the games of this device cannot be listed', error);
    return /** @type {LocalRecord[]} */ ([]);
  });
  if (unsaved.size === 0) return saved;
  return [...saved.filter(({ id }) => !unsaved.has(id)), ...unsaved.values()].sort(
    (a, b) => b.updatedMs - a.updatedMs,
  );
}
