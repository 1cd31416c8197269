// What a person likes: changed at once, kept on this device.

import { html } from 'lit/html.js';
import { switchField } from './form-parts.js';
import { listeningFields } from './listening-fields.js';
import { lookFields } from './look-fields.js';
import { soundFields } from './sound-fields.js';

/**
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export const settingsView = ({ settings }, act) => html`
  <h2 id="dialog-title">Settings</h2>
  <fieldset>
    <legend>Confirm each move before it is played</legend>
    ${switchField('In games with a running clock', settings.confirmLive, (confirmLive) =>
      act.changeSettings({ confirmLive }),
    )}
    ${switchField('In games with days for each move', settings.confirmDays, (confirmDays) =>
      act.changeSettings({ confirmDays }),
    )}
    ${switchField('In games without a clock', settings.confirmUntimed, (confirmUntimed) =>
      act.changeSettings({ confirmUntimed }),
    )}
    <p class="hint">Premoves are not asked about: they can be cancelled until they are played.</p>
  </fieldset>
  <fieldset>
    <legend>Chat</legend>
    ${switchField('Talk with the opponent during a game', settings.chat, (chat) =>
      act.changeSettings({ chat }),
    )}
  </fieldset>
  ${lookFields(settings, act)} ${soundFields(settings, act)} ${listeningFields(settings, act)}
  <div class="dialog-foot">
    <div class="dialog-actions"><button class="primary">Done</button></div>
  </div>
`;
