// The list of all games as part of the page's state: what is looked for, what is being read from a file, what was deleted.

import { ANY } from './archive.js';

/**
 * @import { ArchiveQuery } from './archive.js'
 * @import { ImportedEntry } from './imported-record.js'
 */

/**
 * @typedef {object} Importing A file that is being read.
 * @property {string} name
 * @property {number} done From 0 to 1.
 * @property {number} games
 *
 * @typedef {object} Report What came of it.
 * @property {boolean} failed
 * @property {string} words
 * @property {string[]} details One sentence for each game that could not be read whole.
 *
 * @typedef {object} ArchiveState
 * @property {ImportedEntry[]} imported
 * @property {ArchiveQuery} query
 * @property {number} shown Lines that are drawn at most.
 * @property {Importing | null} importing
 * @property {Report | null} report
 * @property {string} deleted Which game was deleted last and can be brought back; empty for none.
 * @property {boolean} dragging A file is held over the page.
 * @property {boolean} pasting The field for text is open.
 */

/** Lines that are drawn at once. */
export const PAGE = 50;

/** @type {ArchiveState} */
export const EMPTY_ARCHIVE = {
  imported: [],
  query: ANY,
  shown: PAGE,
  importing: null,
  report: null,
  deleted: '',
  dragging: false,
  pasting: false,
};

/**
 * @param {ArchiveState} archive
 * @param {Partial<ArchiveState>} fields
 * @returns {ArchiveState} Another question begins at the top of its answer.
 */
export const changeArchive = (archive, fields) => ({
  ...archive,
  ...(fields.query ? { shown: PAGE } : {}),
  ...fields,
});
