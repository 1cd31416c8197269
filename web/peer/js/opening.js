// Looking for a game that this device does not keep: at the relay that its link names, and soon at the page's own as well,
// because a link may be older than the address in it.

import { PeerError } from './errors.js';

/**
 * @import { GameId } from './index.d.ts'
 * @import { RelaySession } from './relay-session.js'
 */

const NO_RELAY =
  'There is no relay here, and the link names none, so this game cannot be looked for.';

/**
 * @typedef {object} Opening
 * @property {Promise<RelaySession>} found The one that knows the game.
 * @property {Set<RelaySession>} asked
 * @property {(session: RelaySession) => void} known
 * @property {(session: RelaySession) => void} unknown
 * @property {() => void} look One of them may have turned out to have no relay.
 */

/**
 * @param {GameId} id
 * @param {RelaySession[]} sessions In the order in which they are asked; the first one has been.
 * @param {number} aloneMs How long the first is tried alone if it does not answer.
 * @param {number} patienceMs
 * @returns {Opening} `found` rejects with `no-such-game` where all that have a relay say so, with `no-relay` where none has one,
 *   with `offline` where one does not answer.
 */
export function openAt(id, [first, second], aloneMs, patienceMs) {
  const { promise, resolve, reject } = /** @type {typeof withResolvers<RelaySession>} */ (
    withResolvers
  )();
  const asked = new Set([first]);
  /** @type {Set<RelaySession>} */
  const unaware = new Set();

  function askSecond() {
    if (second === first || asked.has(second)) return;
    asked.add(second);
    second.run(second.core.open(id));
    if (second.state(id)) resolve(second);
  }

  const absent = (/** @type {RelaySession} */ { connection }) => connection.noRelay === true;

  function giveUp() {
    const [silent] = [...asked].filter((session) => !unaware.has(session) && !absent(session));
    if (!silent && unaware.size === 0) reject(new PeerError('no-relay', NO_RELAY));
    else if (!silent) reject(new PeerError('no-such-game', 'The relay does not know this game.'));
    else if (unaware.size === 0) reject(new PeerError('offline', silent.connection.words));
    else {
      reject(
        new PeerError(
          'offline',
          'The relay that the link names does not answer, and the one of this page does not know the game.',
        ),
      );
    }
  }

  function look() {
    if (absent(first)) askSecond();
    if ([...asked].every((session) => unaware.has(session) || absent(session))) giveUp();
  }

  const alone = setTimeout(askSecond, aloneMs);
  const patience = setTimeout(giveUp, patienceMs);
  const end = () => {
    clearTimeout(alone);
    clearTimeout(patience);
  };
  promise.then(end, end);
  return {
    found: promise,
    asked,
    known: resolve,
    unknown(session) {
      unaware.add(session);
      if (session === first) askSecond();
      look();
    },
    look,
  };
}

/** @template T */
function withResolvers() {
  /** @type {(value: T) => void} */
  let resolve = () => {};
  /** @type {(reason: Error) => void} */
  let reject = () => {};
  const promise = new Promise((/** @type {(value: T) => void} */ good, bad) => {
    resolve = good;
    reject = bad;
  });
  return { promise, resolve, reject };
}
