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
 */

const KEY = 'rookery-settings';

/** @type {Readonly<Settings>} */
export const DEFAULTS = {
  confirmLive: false,
  confirmDays: true,
  confirmUntimed: false,
  chat: true,
};

/**
 * @param {string | null} text
 * @returns {Settings} What cannot be read is as it is by default.
 */
export function readSettings(text) {
  const settings = { ...DEFAULTS };
  try {
    const kept = JSON.parse(text ?? '{}');
    for (const name of /** @type {(keyof Settings)[]} */ (Object.keys(DEFAULTS))) {
      if (typeof kept?.[name] === 'boolean') settings[name] = kept[name];
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
