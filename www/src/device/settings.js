// What a person likes, kept on this device: read, and kept again after each change. What it does lies where it is used.

/**
 * @import { Clock } from '@rookery/peer'
 */

/**
 * @typedef {object} Settings
 * @property {boolean} confirmLive A move in a game with a running clock is asked about before it is played.
 * @property {boolean} confirmDays The same where each move has days.
 * @property {boolean} confirmUntimed The same without a clock: untimed games, the computer, two on one device.
 * @property {boolean} chat Lines of the opponent are shown.
 * @property {boolean} screenReader The page is laid out to be heard: commands are typed, answers spoken.
 * @property {'plain' | 'nato' | 'anna'} squares How the squares are called aloud.
 * @property {'slate' | 'wood' | 'green' | 'violet' | 'contrast'} board The colours of the board.
 * @property {'cburnett' | 'bold' | 'letters'} pieces
 * @property {boolean} sound
 * @property {number} volume 0 to 100.
 * @property {boolean} vibration
 */

const KEY = 'rookery-settings';

/** @type {Readonly<Settings>} */
export const DEFAULTS = {
  confirmLive: false,
  confirmDays: true,
  confirmUntimed: false,
  chat: true,
  screenReader: false,
  squares: 'plain',
  board: 'slate',
  pieces: 'cburnett',
  sound: true,
  volume: 60,
  vibration: true,
};

/** What a setting that is one of several may be. */
export const CHOICES =
  /** @type {Readonly<Partial<Record<keyof Settings, readonly string[]>>>} */ ({
    squares: ['plain', 'nato', 'anna'],
    board: ['slate', 'wood', 'green', 'violet', 'contrast'],
    pieces: ['cburnett', 'bold', 'letters'],
  });

/**
 * Whether a value that was read may stand for a setting.
 *
 * @param {keyof Settings} name
 * @param {unknown} value
 */
function fits(name, value) {
  if (typeof value !== typeof DEFAULTS[name]) return false;
  if (typeof value === 'number') return value >= 0 && value <= 100;
  return typeof value !== 'string' || (CHOICES[name]?.includes(value) ?? false);
}

/**
 * @param {string | null} text
 * @returns {Settings} What cannot be read is as it is by default.
 */
export function readSettings(text) {
  const settings = { ...DEFAULTS };
  try {
    const kept = JSON.parse(text ?? '{}');
    for (const name of /** @type {(keyof Settings)[]} */ (Object.keys(DEFAULTS))) {
      if (fits(name, kept?.[name])) Object.assign(settings, { [name]: kept[name] });
    }
  } catch {
    // Somebody else wrote there.
  }
  return settings;
}

/** @returns {Settings} */
export function storedSettings() {
  try {
    return readSettings(localStorage.getItem(KEY));
  } catch {
    return { ...DEFAULTS };
  }
}

/** @param {Settings} settings */
export function storeSettings(settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing follows them until it is closed.
  }
}

/**
 * Whether a move is asked about before it is played.
 *
 * @param {Settings} settings
 * @param {Clock} clock
 */
export function asksBefore(settings, clock) {
  if (clock.kind === 'live') return settings.confirmLive;
  return clock.kind === 'days' ? settings.confirmDays : settings.confirmUntimed;
}
