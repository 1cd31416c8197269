// Light, dark, or as the device says: read, kept, and put on the document; and the look of the board.

/**
 * @import { Theme } from '../app-state.js'
 * @import { Settings } from './settings.js'
 */

const KEY = 'rookery-theme';

/** What the browser paints around the page: `--bg` of tokens.css. */
const AROUND = { light: '#f3f0e8', dark: '#13181c' };

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
  paintAround(theme);
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

/** @param {Theme} theme */
export function paintAround(theme) {
  const metas = document.querySelectorAll('meta[name=theme-color]');
  for (const [at, device] of /** @type {const} */ (['light', 'dark']).entries()) {
    metas[at]?.setAttribute('content', AROUND[theme === 'auto' ? device : theme]);
  }
}
