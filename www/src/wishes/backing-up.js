// Taking settings and key along, and bringing them back; asking the browser to keep what is stored here.

import {
  openKeyFile,
  passphraseProblem,
  readBackup,
  writeKeyFile,
  writeSettingsFile,
} from '../archive/backup.js';
import { backupForm, restoreForm } from '../dialog-state.js';
import { saveFile } from '../device/download.js';
import { storeKeepsake } from '../archive/keepsake.js';
import { storeSettings } from '../device/settings.js';
import { storeTheme } from '../device/theme.js';

/**
 * @import { Keepsake } from '../archive/keepsake.js'
 * @import { Desk } from './desk.js'
 */

/** @param {Desk} desk */
export function backingUpWishes({ store, dispatch, say, complain, needPeer }) {
  let asked = false;

  /** @param {Partial<Keepsake>} fields */
  function note(fields) {
    dispatch({ type: 'keepsake', fields });
    storeKeepsake(store.get().keepsake);
  }

  /** @param {unknown} error */
  function fail(error) {
    const words = error instanceof Error ? error.message : String(error);
    dispatch({ type: 'form', fields: { busy: false, error: words } });
  }

  return {
    /** After the first game. A browser that asks the person does so once. */
    async askToPersist() {
      if (asked) return;
      asked = true;
      try {
        const { storage } = navigator;
        const persisted = (await storage.persisted()) || (await storage.persist());
        dispatch({ type: 'keepsake', fields: { persisted } });
      } catch {
        // Not every browser has it, and none over plain http.
      }
    },

    remindLater: () => note({ laterMs: Date.now() }),

    saveSettings() {
      const { settings, theme } = store.get();
      saveFile('rookery-settings.json', 'application/json', writeSettingsFile(settings, theme));
    },

    openBackupForm() {
      dispatch({ type: 'dialog', dialog: backupForm() });
      // Whose key it is stands in the form; why there is none, too.
      needPeer().catch(() => {});
    },

    async saveKey() {
      const { dialog } = store.get();
      if (dialog?.kind !== 'backup' || dialog.busy) return;
      const problem = passphraseProblem(dialog.passphrase, dialog.again);
      if (problem) {
        dispatch({ type: 'form', fields: { error: problem } });
        return;
      }
      dispatch({ type: 'form', fields: { busy: true } });
      try {
        const peer = await needPeer();
        const { player } = peer;
        const text = await writeKeyFile(peer.secret(), player, dialog.passphrase);
        saveFile(`rookery-key-${player.slice(0, 8)}.json`, 'application/json', text);
        note({ savedFor: player });
        dispatch({ type: 'dialog', dialog: null });
        say('The key is saved. Keep the file and its passphrase in two places.');
      } catch (error) {
        fail(error);
      }
    },

    /**
     * A file with settings is taken at once, one with a key asks for its passphrase.
     *
     * @param {string} text
     * @param {string} name
     */
    bringBackup(text, name) {
      const backup = readBackup(text);
      if (backup.kind === 'error') complain(new Error(`${name} cannot be used. ${backup.error}`));
      else if (backup.kind === 'key') {
        dispatch({ type: 'dialog', dialog: restoreForm(backup.key, name) });
      } else {
        const { settings, theme } = backup;
        dispatch({ type: 'settings', settings });
        dispatch({ type: 'theme', theme });
        storeSettings(settings);
        storeTheme(theme);
        say(`The settings of ${name} are in use.`);
      }
    },

    async restoreKey() {
      const { dialog } = store.get();
      if (dialog?.kind !== 'restore' || dialog.busy) return;
      const { file, passphrase } = dialog;
      dispatch({ type: 'form', fields: { busy: true } });
      try {
        const peer = await needPeer();
        const secret = await openKeyFile(file, passphrase);
        if (!secret) throw new Error('That is not its passphrase, or the file was changed.');
        if (peer.playerOf(secret) !== file.player) throw new Error('The key in it is damaged.');
        if (file.player !== peer.player) {
          await peer.adopt(secret);
          note({ savedFor: file.player });
          location.hash = '#/';
          location.reload();
          return;
        }
        note({ savedFor: file.player });
        dispatch({ type: 'dialog', dialog: null });
        say('This is the key that this device has already.');
      } catch (error) {
        fail(error);
      }
    },
  };
}
