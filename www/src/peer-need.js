// When the peer comes. Its package is most of what the page weighs, and who plays the computer needs none of it: it comes
// at once where the address names a game or this device had it before, with the first touch of what leads to people, and
// else when the page has been quiet for a while on a screen that shows people.

import { quiet, savesData } from './device/first-load.js';
import { PEER_ASLEEP, PEER_STARTING } from './app-state.js';

/**
 * @import { Peer } from '@rookery/peer'
 * @import { Action, AppState } from './app-state.js'
 * @import { Store } from './store.js'
 */

/** The database in which the peer keeps key and games, by its usual name. */
const DATABASE = 'rookery';

/**
 * @typedef {object} PeerNeed
 * @property {() => Promise<Peer>} need Brings the peer up where it is not yet.
 * @property {Promise<Peer>} up The peer, whenever somebody needed it.
 */

/**
 * @param {Store<AppState, Action>} store
 * @param {() => Promise<Peer>} link
 * @returns {PeerNeed}
 */
export function createPeerNeed(store, link) {
  /** @type {(peer: Promise<Peer>) => void} */
  let tell = () => {};
  /** @type {Promise<Peer>} */
  const up = new Promise((resolve) => {
    tell = resolve;
  });
  /** @type {Promise<Peer> | null} */
  let starting = null;
  /** Whether this device had a peer before; null while that is not known. @type {boolean | null} */
  let before = null;
  let isQuiet = false;

  function need() {
    if (starting) return starting;
    starting = link();
    tell(starting);
    show(PEER_STARTING);
    return starting;
  }

  function look() {
    if (starting) return;
    const state = store.get();
    if (before || state.route.screen === 'game') void need().catch(() => {});
    else if (before === null) return;
    else if (savesData() || !showsPeople(state)) show(PEER_ASLEEP);
    else if (isQuiet && !state.dialog) void need().catch(() => {});
    else show(PEER_STARTING);
  }

  /** @param {typeof PEER_ASLEEP | typeof PEER_STARTING} peer */
  function show(peer) {
    if (store.get().peer.status !== peer.status) store.dispatch({ type: 'peer', peer });
  }

  store.subscribe(look);
  look();
  void hadPeer().then((had) => {
    before = had;
    look();
  });
  void quiet.then(() => {
    isQuiet = true;
    look();
  });
  return { need, up };
}

/** @param {AppState} state */
const showsPeople = ({ route: { screen } }) => screen === 'home' || screen === 'watch';

/** @returns {Promise<boolean>} True also where the browser does not say. */
async function hadPeer() {
  try {
    const databases = await indexedDB.databases();
    return databases.some(({ name }) => name === DATABASE);
  } catch {
    return true;
  }
}

/**
 * Who points at what leads to people, touches it or comes to it by keyboard, is likely to need the peer in a moment. Where data
 * is saved that is no reason to fetch it.
 *
 * @param {PeerNeed} peer
 */
export function needWhereTouched({ need }) {
  const touched = (/** @type {Event} */ { target }) => {
    if (savesData() || !(target instanceof Element)) return;
    if (target.closest('[data-people]')) void need().catch(() => {});
  };
  for (const type of ['pointerover', 'touchstart', 'focusin']) {
    document.addEventListener(type, touched, { passive: true });
  }
}
