// Taking an open invitation back so that everybody learns of it. No record says this before somebody sits, so the creator's
// device sits down itself, with a key that it throws away, and the game is aborted: whoever holds the link sees its end.

import { PeerError } from './errors.js';

/**
 * @import { GameId, GameState } from './index.d.ts'
 * @import { RelaySession } from './relay-session.js'
 */

/** How long each step may take, in ms. */
const STEP_MS = 4000;

/**
 * @param {GameId} id
 * @param {RelaySession} session The creator's, which seats whoever asks.
 * @param {RelaySession} guest A fresh one with a key of its own, which keeps nothing.
 * @returns {Promise<boolean>} Whether the game has ended for everybody; false where it is as open as before.
 *   Rejects with `seat-taken` where somebody sat down first.
 */
export async function closeSeat(id, session, guest) {
  try {
    guest.run(guest.core.set_writer(true));
    guest.start();
    await guest.ready(STEP_MS);
    guest.run(guest.core.open(id));
    await until(guest, id, () => true);
    const random = crypto.getRandomValues(new Uint8Array(16));
    await guest.wish(() => guest.core.join(id, random));
    const { seat } = await until(guest, id, (state) => state.seat !== 'waiting');
    if (seat === 'refused') {
      throw new PeerError('seat-taken', 'Somebody sat down just now: the game has begun.');
    }
    // Kept for somebody else.
    if (seat !== 'seated') return false;
    await until(session, id, ({ can }) => can.abort);
    await session.wish(() => session.core.act(id, 'abort'));
    for (const side of [guest, session]) await until(side, id, ({ phase }) => phase === 'over');
    return true;
  } catch (error) {
    if (error instanceof PeerError && error.code === 'seat-taken') throw error;
    return session.state(id)?.phase === 'over';
  } finally {
    guest.stop();
  }
}

/**
 * @param {RelaySession} session
 * @param {GameId} id
 * @param {(state: GameState) => boolean} fits
 * @returns {Promise<GameState>}
 */
async function until(session, id, fits) {
  for (let waited = 0; waited < STEP_MS; waited += 50) {
    const state = session.state(id);
    if (state && fits(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new PeerError('offline', session.connection.words);
}
