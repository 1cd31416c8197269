// Changing to a new version of the page: by the person's wish, or by itself while nobody plays.

import { quiet } from '../device/first-load.js';
import { keepPage } from '../device/updates.js';
import { engineLoaded } from '../table/engine.js';

/** @import { AppState } from '../app-state.js' */
/** @import { Desk } from './desk.js' */

/**
 * Whether loading the page again would disturb.
 *
 * @param {AppState} state
 */
export function isBusy({ dialog, table }) {
  if (dialog || table?.joining) return true;
  return table?.status === 'opening' || (table?.game?.phase ?? 'over') !== 'over';
}

/**
 * Resolves when the page has been quiet, and neither the engine nor the peer is on its way.
 *
 * @param {Desk['store']} store
 */
async function loaded(store) {
  await quiet;
  await new Promise((/** @type {(done: void) => void} */ resolve) => {
    const look = () => {
      if (store.get().peer.status === 'starting') return;
      end();
      resolve();
    };
    const end = store.subscribe(look);
    look();
  });
  await engineLoaded();
}

/** @param {Desk} desk */
export function updatingWishes({ store, dispatch }) {
  const updates = keepPage({
    busy: () => isBusy(store.get()),
    onUpdate: (update) => dispatch({ type: 'update', update }),
    loaded: loaded(store),
  });

  // A relay that no longer understands this page may understand the next one.
  let misunderstood = false;
  store.subscribe(({ peer }) => {
    const now = peer.connection.otherVersion ?? false;
    if (now && !misunderstood) void updates.look(true);
    misunderstood = now;
  });

  return {
    takeUpdate: () => updates.takeOver(),

    putOffUpdate() {
      dispatch({ type: 'update', update: 'none' });
    },
  };
}
