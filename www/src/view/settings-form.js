// What a person likes: changed at once, kept on this device.

import { html } from 'lit/html.js';
import { keepingSection } from './backup-form.js';
import { switchField } from './form-parts.js';
import { listeningFields } from './listening-fields.js';
import { lookFields } from './look-fields.js';
import { soundFields } from './sound-fields.js';
import { updateField } from './update-notice.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export const settingsView = (state, act) => html`
  <h2 id="dialog-title">Settings</h2>
  ${updateField(state.update, act)}
  <fieldset>
    <legend>Confirm each move before it is played</legend>
    ${switchField('In games with a running clock', state.settings.confirmLive, (confirmLive) =>
      act.changeSettings({ confirmLive }),
    )}
    ${switchField('In games with days for each move', state.settings.confirmDays, (confirmDays) =>
      act.changeSettings({ confirmDays }),
    )}
    ${switchField('In games without a clock', state.settings.confirmUntimed, (confirmUntimed) =>
      act.changeSettings({ confirmUntimed }),
    )}
    <p class="hint">Premoves are not asked about: they can be cancelled until they are played.</p>
  </fieldset>
  <fieldset>
    <legend>Chat</legend>
    ${switchField('Talk with the opponent during a game', state.settings.chat, (chat) =>
      act.changeSettings({ chat }),
    )}
  </fieldset>
  ${lookFields(state.settings, act)} ${soundFields(state.settings, act)}
  ${listeningFields(state.settings, act)} ${keepingSection(state, act)}
  <div class="dialog-foot">
    <div class="dialog-actions"><button class="primary">Done</button></div>
  </div>
`;
