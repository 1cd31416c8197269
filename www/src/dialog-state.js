// The forms that a person fills in: what stands in each, and what they begin with.

/** @import { Colour, PlayerKey } from '@rookery/peer' */
/** @import { KeyFile } from './archive/backup.js' */

/**
 * @typedef {object} StartFields From which position a game begins.
 * @property {'standard' | 'chess960' | 'position'} start
 * @property {string} number Of a Chess960 start, 0 to 959; empty to draw one.
 * @property {string} fen
 *
 * @typedef {object} ComputerFields
 * @property {'computer'} kind
 * @property {number} level 1 to 8.
 * @property {Colour | 'random'} colour
 * @property {string} error
 * @typedef {ComputerFields & StartFields} ComputerForm
 *
 * @typedef {object} CreateFields
 * @property {'create'} kind
 * @property {string} preset Id of a preset, `custom`, or `days`.
 * @property {string} minutes
 * @property {string} increment Seconds.
 * @property {string} days For each move.
 * @property {Colour | 'random'} colour
 * @property {boolean} takebacks
 * @property {boolean} listed
 * @property {PlayerKey | null} opponent Who alone may take the seat.
 * @property {string} error
 * @property {boolean} busy
 * @typedef {CreateFields & StartFields} CreateForm
 *
 * @typedef {object} BoardFields Two players at one device.
 * @property {'board'} kind
 * @property {boolean} turning The board shows the side that is to move from below.
 * @property {string} error
 * @typedef {BoardFields & StartFields} BoardForm
 *
 * @typedef {object} BackupForm
 * @property {'backup'} kind
 * @property {string} passphrase
 * @property {string} again
 * @property {string} error
 * @property {boolean} busy
 *
 * @typedef {object} RestoreForm
 * @property {'restore'} kind
 * @property {KeyFile} file
 * @property {string} name The file's.
 * @property {string} passphrase
 * @property {string} error
 * @property {boolean} busy
 *
 * @typedef {{ kind: 'settings' }} SettingsForm The settings themselves lie in the page's state.
 *
 * @typedef {object} HandForm
 * @property {'hand'} kind
 * @property {string} mine The own moves as a text; empty where there are none to give away.
 * @property {string} theirs What was pasted, or read from a file or picture.
 * @property {string} error
 * @property {boolean} busy
 *
 * @typedef {{ kind: 'people', error: string }} PeopleForm
 * @typedef {{ kind: 'person', key: PlayerKey }} PersonForm
 *
 * @typedef {ComputerForm | CreateForm | BoardForm | BackupForm | RestoreForm | SettingsForm | PeopleForm
 *   | PersonForm | HandForm} Dialog
 *
 * @typedef {Partial<Omit<ComputerForm, 'kind'>> & Partial<Omit<CreateForm, 'kind'>>
 *   & Partial<Omit<BoardForm, 'kind'>> & Partial<Omit<BackupForm, 'kind'>>
 *   & Partial<Omit<HandForm, 'kind'>>} FormFields
 */

/** @type {StartFields} */
const USUAL = { start: 'standard', number: '', fen: '' };

/**
 * @param {number} level
 * @returns {ComputerForm}
 */
export const computerForm = (level) => ({
  kind: 'computer',
  level,
  colour: 'random',
  error: '',
  ...USUAL,
});

/** @returns {CreateForm} */
export const createForm = () => ({
  kind: 'create',
  preset: '5+3',
  minutes: '20',
  increment: '10',
  days: '7',
  colour: 'random',
  takebacks: true,
  listed: false,
  opponent: null,
  error: '',
  busy: false,
  ...USUAL,
});

/** @returns {BoardForm} */
export const boardForm = () => ({ kind: 'board', turning: false, error: '', ...USUAL });

/** @returns {BackupForm} */
export const backupForm = () => ({
  kind: 'backup',
  passphrase: '',
  again: '',
  error: '',
  busy: false,
});

/**
 * @param {string} mine
 * @returns {HandForm}
 */
export const handForm = (mine) => ({ kind: 'hand', mine, theirs: '', error: '', busy: false });

/**
 * @param {KeyFile} file
 * @param {string} name
 * @returns {RestoreForm}
 */
export const restoreForm = (file, name) => ({
  kind: 'restore',
  file,
  name,
  passphrase: '',
  error: '',
  busy: false,
});
