// The forms for the key's backup, the reminder of it, and what the settings say about keeping.

import { html, nothing } from 'lit/html.js';
import { backupDue } from '../archive/keepsake.js';
import { shortKey } from '../words/words.js';
import { footer, valueOf } from './form-parts.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { BackupForm, RestoreForm } from '../dialog-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {string} label
 * @param {string} value
 * @param {'new-password' | 'current-password'} use
 * @param {(value: string) => void} change
 */
const passphraseField = (label, value, use, change) =>
  html`<label>
    ${label}
    <input
      type="password"
      autocomplete=${use}
      .value=${value}
      aria-describedby="dialog-error"
      @input=${(/** @type {InputEvent} */ event) => change(valueOf(event))}
    />
  </label>`;

/**
 * @param {BackupForm} form
 * @param {AppState} state
 * @param {Controller} act
 */
export const backupFormView = (form, { peer }, act) => html`
  <h2 id="dialog-title">Back up your key</h2>
  <p class="lead">
    Your games are signed with the key of Player ${peer.player ? shortKey(peer.player) : ''}. It
    lies only on this device. With this file you can go on as the same player on another one.
  </p>
  ${passphraseField('Passphrase', form.passphrase, 'new-password', (passphrase) =>
    act.changeForm({ passphrase }),
  )}
  ${passphraseField('Passphrase, once more', form.again, 'new-password', (again) =>
    act.changeForm({ again }),
  )}
  <p class="hint">Nobody can reset it: without the passphrase the file is of no use.</p>
  ${footer('Save the file', form.busy, form.error, act)}
`;

/**
 * @param {RestoreForm} form
 * @param {AppState} state
 * @param {Controller} act
 */
export function restoreFormView(form, { peer, keepsake }, act) {
  const same = form.file.player === peer.player;
  const now = peer.player ? `Player ${shortKey(peer.player)}` : 'nobody';
  return html`
    <h2 id="dialog-title">Play with another key</h2>
    <p class="lead">
      ${form.name} holds the key of Player ${shortKey(form.file.player)}. From then on this device
      plays as that player.
    </p>
    ${
      same
        ? nothing
        : html`<p class="notice">
            Now it plays as ${now}. Games of that player stay here, but only to be looked at; those
            that go on wait for their key.
            ${keepsake.savedFor === peer.player ? nothing : 'Back that key up before.'}
          </p>`
    }
    ${passphraseField('Passphrase of the file', form.passphrase, 'current-password', (passphrase) =>
      act.changeForm({ passphrase }),
    )}
    ${footer('Use this key', form.busy, form.error, act)}
  `;
}

/**
 * A part of the settings.
 *
 * @param {AppState} state
 * @param {Controller} act
 */
export function keepingSection({ peer, keepsake }, act) {
  const pick = async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const [file] = input.files ?? [];
    input.value = '';
    if (file) await act.bringFiles([file]);
  };
  const storage =
    keepsake.persisted === null
      ? 'After your first game the browser is asked to keep what is stored.'
      : keepsake.persisted
        ? 'The browser keeps what is stored until you delete it.'
        : 'The browser may clear what is stored when the device is full: keep a backup.';
  return html`<fieldset>
    <legend>Backup</legend>
    <div class="keeping-row">
      <button type="button" ?disabled=${peer.status === 'failed'} @click=${act.openBackupForm}>
        Back up your key…
      </button>
      <button type="button" @click=${act.saveSettings}>Save settings</button>
      <label class="button">
        Load a backup…
        <input class="hidden" type="file" accept=".json,application/json" @change=${pick} />
      </label>
    </div>
    <p class="hint">${storage}</p>
  </fieldset>`;
}

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function reminderView(state, act) {
  if (!isDue(state)) return nothing;
  return html`<section class="notice reminder" aria-label="Back up your key">
    <p>Your key lies only in this browser. If it is lost, you cannot go on as the same player.</p>
    <div>
      <button class="primary" @click=${act.openBackupForm}>Back up your key…</button>
      <button @click=${act.remindLater}>Later</button>
    </div>
  </section>`;
}

/** @param {AppState} state */
export const isDue = ({ keepsake, peer, table }) =>
  peer.writer &&
  backupDue(
    {
      keepsake,
      player: peer.player,
      games: peer.games,
      onScreen: table?.kind === 'peer' ? table.game : null,
    },
    Date.now(),
  );
