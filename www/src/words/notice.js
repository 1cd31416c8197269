// Lets a person notice what happens: says it, sounds it, shakes the device, as the settings have it.

import { happenings, noticed } from '../table/happenings.js';
import { createSounds } from '../device/sounds.js';
import { vibrate } from '../device/vibration.js';

/**
 * @import { Action, AppState } from '../app-state.js'
 * @import { Store } from '../store.js'
 */

/** @param {Store<AppState, Action>} store */
export function letNotice(store) {
  const sounds = createSounds();
  let before = store.get();
  store.subscribe((now) => {
    const was = before;
    before = now;
    const { sound, volume, vibration } = now.settings;
    const found = happenings(was, now);
    if (sound) for (const name of found) sounds.play(name, volume);
    // A sample of what was just chosen.
    if (sound && was.settings.volume !== volume) sounds.play('move', volume);
    if (vibration) vibrate(found, now);
    const words = noticed(was, now);
    if (words) store.dispatch({ type: 'announce', words });
  });
}
