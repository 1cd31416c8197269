// Where the keyboard is: a screen that replaces another takes the focus along for those who listen, and a dialog that goes gives
// it back.

/** @import { AppState } from '../app-state.js' */

let last = '';

/**
 * After drawing: in screen-reader mode the focus goes to what a new screen begins with.
 *
 * @param {HTMLElement} main
 * @param {AppState} state
 */
export function followFocus(main, { settings, table, dialog }) {
  const { screen = '' } = main.dataset;
  const now = `${screen} ${table?.id ?? ''} ${settings.screenReader}`;
  if (now === last || dialog) return;
  const first = last === '';
  last = now;
  if (!settings.screenReader || (first && screen === 'home')) return;
  const target = main.querySelector('#move') ?? main.querySelector('h1');
  if (target instanceof HTMLElement) target.focus();
}

/** @type {HTMLElement | null} */
let opener = null;

/**
 * To be given to `ref` of a dialog: notes who opened it, and gives the focus back when it is gone without a word.
 *
 * @param {Element | undefined} dialog
 */
export function returnFocus(dialog) {
  if (dialog) {
    const { activeElement } = document;
    if (!opener && activeElement instanceof HTMLElement) opener = activeElement;
    return;
  }
  const before = opener;
  opener = null;
  queueMicrotask(() => {
    if (document.activeElement === document.body && before?.isConnected) before.focus();
  });
}
