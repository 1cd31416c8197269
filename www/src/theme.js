// Light, dark, or as the device says: read, kept, and put on the document; and the look of the board.

/**
 * @import { Theme } from './app-state.js'
 * @import { Settings } from './settings.js'
 */

const KEY = 'rookery-theme';

/** @returns {Theme} */
export function storedTheme() {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

/** @param {Theme} theme */
export function storeTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing still shows the theme until it is closed.
  }
}

/** @param {Settings} settings */
export function showLook({ board, pieces }) {
  const { dataset } = document.documentElement;
  dataset.board = board;
  dataset.pieces = pieces;
}
