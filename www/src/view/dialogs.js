// The frame of the forms. The browser's own dialog keeps focus inside and closes on Escape.

import { html, nothing } from 'lit/html.js';
import { ref } from 'lit/directives/ref.js';
import { backupFormView, restoreFormView } from './backup-form.js';
import { boardFormView } from './board-form.js';
import { computerFormView } from './computer-form.js';
import { createFormView } from './create-form.js';
import { returnFocus } from './focus.js';
import { handFormView } from './hand-form.js';
import { peopleView } from './people-form.js';
import { personView } from './person-form.js';
import { settingsView } from './settings-form.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Dialog } from '../dialog-state.js'
 * @import { Controller } from '../controller.js'
 */

/** @param {Element | undefined} element */
function showModal(element) {
  returnFocus(element);
  if (!(element instanceof HTMLDialogElement) || element.open) return;
  queueMicrotask(() => {
    if (!element.isConnected || element.open) return;
    element.showModal();
    // The browser goes to the first of the radio buttons, even if another is chosen.
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLInputElement) || activeElement.type !== 'radio') return;
    const chosen = element.querySelector(`[name="${activeElement.name}"]:checked`);
    if (chosen instanceof HTMLElement) chosen.focus();
  });
}

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function dialogView(state, act) {
  const { dialog } = state;
  if (!dialog) return nothing;
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (dialog.kind === 'computer') void act.startComputer();
    else if (dialog.kind === 'create') void act.createGame();
    else if (dialog.kind === 'board') void act.startBoard();
    else if (dialog.kind === 'backup') void act.saveKey();
    else if (dialog.kind === 'restore') void act.restoreKey();
    else if (dialog.kind === 'hand') void act.takeHand();
    else act.closeDialog();
  };
  return html`<dialog
    class="dialog"
    aria-labelledby="dialog-title"
    ${ref(showModal)}
    @close=${act.closeDialog}
    @click=${(/** @type {MouseEvent} */ event) => {
      if (event.target === event.currentTarget) act.closeDialog();
    }}
  >
    <form @submit=${submit}>${formView(dialog, state, act)}</form>
  </dialog>`;
}

/**
 * @param {Dialog} dialog
 * @param {AppState} state
 * @param {Controller} act
 */
function formView(dialog, state, act) {
  switch (dialog.kind) {
    case 'computer':
      return computerFormView(dialog, state, act);
    case 'create':
      return createFormView(dialog, state, act);
    case 'settings':
      return settingsView(state, act);
    case 'backup':
      return backupFormView(dialog, state, act);
    case 'restore':
      return restoreFormView(dialog, state, act);
    case 'board':
      return boardFormView(dialog, act);
    case 'hand':
      return handFormView(dialog, act);
    case 'people':
      return peopleView(dialog, state, act);
    case 'person':
      return personView(dialog, state, act);
  }
}
