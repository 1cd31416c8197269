// A rematch: offered, accepted, declined, taken back. The signed chat carries the words, for nobody keeps them; the game itself
// is an open one whose seat is kept for the opponent.

import {
  isRematch,
  NO_REMATCH,
  readRematch,
  rematchOptions,
  sameRelay,
  theirsCounts,
  writeRematch,
} from '../table/rematch.js';
import { opposite } from '../chess/rules.js';

/**
 * @import { Game, GameId, GameState } from '@rookery/peer'
 * @import { Rematch, RematchLine } from '../table/rematch.js'
 * @import { Desk } from './desk.js'
 */

/** Offers that are looked at while a game is on screen. */
const MAX_OFFERS = 10;

/**
 * @param {Desk} desk
 * @param {{ keepOpen: (game: Game) => void, takeBack: (id: GameId) => Game | null, join: (id: GameId,
 *   relay: string | null) => void, again: () => void, refresh: () => void }} hooks `keepOpen` and `takeBack` hold an own
 *   invitation and give it back; `join` opens a game and sits down; `again` begins a game of this device once more; `refresh`
 *   reads the list of games anew.
 */
export function rematchWishes(desk, { keepOpen, takeBack, join, again, refresh }) {
  const { dispatch, table, game, needPeer, go, say, complain } = desk;
  let offers = 0;
  /** The own offer. @type {Game | null} */
  let offered = null;
  /** The opponent's offer, watched while it is open. @type {(() => void) | null} */
  let unwatch = null;

  /** The game on screen where it is one with somebody else. */
  const peerGame = () => {
    const current = game();
    return current && 'say' in current ? current : null;
  };

  /** @param {Partial<Rematch>} change */
  function set(change) {
    const before = table()?.rematch ?? NO_REMATCH;
    dispatch({ type: 'table', fields: { rematch: { ...before, ...change } } });
  }

  function forgetTheirs() {
    unwatch?.();
    unwatch = null;
  }

  /**
   * @param {RematchLine['what']} what
   * @param {GameId} id
   * @param {string} [link]
   */
  const tell = async (what, id, link = '') => peerGame()?.say(writeRematch(what, id, link));

  /** Takes the own offer back, unless somebody sat down at the same moment: then it is a game like any other. */
  async function withdraw() {
    const mine = offered;
    offered = null;
    if (mine?.state.phase !== 'open') return;
    takeBack(mine.id);
    const { id } = mine;
    try {
      await Promise.all([tell('withdrawn', id), (await needPeer()).withdraw(id)]);
      refresh();
    } catch {
      // Who is not there to hear it gets no answer when joining.
    }
  }

  function accept() {
    const theirs = table()?.rematch.theirs;
    if (!theirs) return;
    set(NO_REMATCH);
    void withdraw();
    forgetTheirs();
    // What was not looked at is seen before joining.
    if (theirs.checked) join(theirs.id, theirs.relay);
    else go({ screen: 'game', id: theirs.id, relay: theirs.relay });
  }

  async function offer() {
    const current = peerGame();
    const options = current && rematchOptions(current.state);
    if (!current || !options || table()?.rematch.busy) return;
    set({ busy: true });
    try {
      const created = await (await needPeer()).create(options);
      offered = created;
      keepOpen(created);
      if (game() !== current) {
        await withdraw();
        return;
      }
      set({ mine: created.id, busy: false });
      const theirs = table()?.rematch.theirs;
      if (theirs?.checked && theirsCounts(created.id, theirs.id)) accept();
      else await tell('offered', created.id, created.link());
    } catch (error) {
      if (game() === current) set({ busy: false });
      complain(error);
    }
  }

  /**
   * The opponent sent the link of a game: it is an offer if it is what a rematch has to be.
   *
   * @param {RematchLine} line
   */
  async function hearOffer({ id, relay }) {
    const before = peerGame();
    if (!before || before.state.phase !== 'over' || table()?.rematch.theirs?.id === id) return;
    offers += 1;
    if (offers > MAX_OFFERS) return;
    if (!sameRelay(relay, readRematch(before.link())?.relay ?? null)) {
      forgetTheirs();
      set({ theirs: { id, relay, checked: false } });
      dispatch({ type: 'announce', words: 'Your opponent offers a rematch at another relay.' });
      return;
    }
    const peer = await needPeer();
    const found = await peer.open(id, relay ? { relay } : {});
    if (game() !== before || !isRematch(found.state, before.state, peer.player)) {
      if (table()?.id !== id) found.close();
      return;
    }
    forgetTheirs();
    const look = /** @type {EventListener} */ (
      () => {
        if (found.state.phase === 'open') return;
        forgetTheirs();
        set({ theirs: null });
      }
    );
    found.addEventListener('change', look);
    unwatch = () => {
      found.removeEventListener('change', look);
      found.close();
    };
    set({ theirs: { id, relay, checked: true } });
    const { mine } = table()?.rematch ?? NO_REMATCH;
    if (mine && theirsCounts(mine, id)) accept();
    else if (!mine) dispatch({ type: 'announce', words: 'Your opponent offers a rematch.' });
  }

  return {
    /**
     * A line of the opponent that says something of a rematch.
     *
     * @param {RematchLine} line
     */
    hearRematch(line) {
      const { mine, theirs } = table()?.rematch ?? NO_REMATCH;
      if (line.what === 'offered') {
        // A link that leads nowhere is no offer.
        hearOffer(line).catch(() => {});
      } else if (line.what === 'withdrawn' && line.id === theirs?.id) {
        forgetTheirs();
        set({ theirs: null });
        dispatch({ type: 'announce', words: 'Your opponent takes the rematch back.' });
      } else if (line.what === 'declined' && line.id === mine) {
        set({ mine: null });
        void withdraw();
        say('Your opponent wants no rematch.');
      }
    },

    /** Offers a rematch, accepts one, or takes an offer back; a game of this device just begins again. */
    async rematch() {
      const { mine, theirs } = table()?.rematch ?? NO_REMATCH;
      if (!peerGame()) again();
      else if (theirs) accept();
      else if (mine) {
        set({ mine: null });
        await withdraw();
      } else await offer();
    },

    async declineRematch() {
      const id = table()?.rematch.theirs?.id;
      forgetTheirs();
      set({ theirs: null });
      if (id) await tell('declined', id).catch(() => {});
    },

    /** The game on screen is left, and with it what was offered there. */
    stopRematch() {
      void withdraw();
      forgetTheirs();
      offers = 0;
    },

    /**
     * An offer is said again to an opponent who was away, because nobody keeps what is said.
     *
     * @param {GameState | null} before
     * @param {GameState} now
     */
    repeatOffer(before, now) {
      if (!before?.you || !offered || offered.id !== table()?.rematch.mine) return;
      const other = opposite(before.you);
      if (before.present[other] === false && now.present[other]) {
        tell('offered', offered.id, offered.link()).catch(() => {});
      }
    },

    /** @param {GameId} id */
    isRematch: (id) => id === table()?.rematch.mine,
  };
}
