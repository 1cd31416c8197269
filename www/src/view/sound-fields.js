// What is heard and felt.

import { html, nothing } from 'lit/html.js';
import { canVibrate } from '../device/vibration.js';
import { switchField, valueOf } from './form-parts.js';

/**
 * @import { Controller } from '../controller.js'
 * @import { Settings } from '../device/settings.js'
 */

/**
 * @param {Settings} settings
 * @param {Controller} act
 */
export const soundFields = ({ sound, volume, vibration }, act) => html`
  <fieldset>
    <legend>Sound${canVibrate() ? ' and vibration' : nothing}</legend>
    ${switchField('Sounds for moves, check, offers, low time and the end', sound, (on) =>
      act.changeSettings({ sound: on }),
    )}
    <label class="volume">
      Volume
      <input
        type="range"
        min="5"
        max="100"
        step="5"
        .value=${String(volume)}
        ?disabled=${!sound}
        @change=${(/** @type {InputEvent} */ event) =>
          act.changeSettings({ volume: Number(valueOf(event)) })}
      />
    </label>
    ${
      canVibrate()
        ? switchField(
            'Vibrate for the other side’s moves and what must not be missed',
            vibration,
            (on) => act.changeSettings({ vibration: on }),
          )
        : nothing
    }
  </fieldset>
`;
