// Knowing people: the own name and saying it in games, names for others, contacts, who is blocked, and inviting one person.

import { createForm } from '../dialog-state.js';
import { cleanName, isBlocked, keyFromPaste, nameOf, person } from '../people/people.js';
import { readName, storePeople, withOwnName, withPerson, writeName } from '../people/people.js';
import { opposite } from '../chess/rules.js';
import { blockedOpponent, blockedWords, opponentOf } from '../table/players.js';

/**
 * @import { Game, GameState, PlayerKey } from '@rookery/peer'
 * @import { People, Person } from '../people/people.js'
 * @import { Desk, PlayedGame } from './desk.js'
 */

/** Names by others that are taken in while one game is on screen. */
const MAX_NAMES_HEARD = 20;

/** @param {Desk} desk */
export function knowingWishes({ store, dispatch, game, needPeer, say }) {
  let heard = 0;

  /** @param {People} people */
  function keep(people) {
    dispatch({ type: 'people', people });
    storePeople(people);
  }

  /**
   * @param {PlayerKey} key
   * @param {Partial<Person>} change
   */
  const changePerson = (key, change) => keep(withPerson(store.get().people, key, change));

  /**
   * Tells the opponent the own name. Nobody keeps a line of chat, so it is said to who is there now.
   *
   * @param {PlayedGame | null} to
   * @param {boolean} [even] Even if there is none: one that was there before is gone.
   */
  async function sayName(to, even = false) {
    const { people, peer } = store.get();
    if (!to || !('say' in to) || !to.state.you || to.state.phase === 'open' || !peer.writer) return;
    if (!people.own && !even) return;
    if (blockedOpponent(to.state, people)) return;
    // Who is away, or does not listen, hears it the next time.
    await /** @type {Game} */ (to).say(writeName(people.own)).catch(() => {});
  }

  /** @param {GameState} state */
  const opponentThere = ({ you, present, phase }) =>
    phase !== 'open' && you !== null && present[opposite(you)] === true;

  /**
   * Who is blocked does not see this device's address.
   *
   * @param {PlayedGame | null} from
   */
  async function hideFrom(from) {
    if (!from || !('allowDirect' in from) || !['ask', 'allowed'].includes(from.state.direct))
      return;
    await from.allowDirect(false).catch(() => {});
  }

  return {
    changePerson,

    /**
     * @param {string} text
     * @returns {string} The name as it was taken.
     */
    changeOwnName(text) {
      const { people } = store.get();
      const next = withOwnName(people, text);
      if (next.own !== people.own) {
        keep(next);
        void sayName(game(), true);
      }
      return next.own;
    },

    /**
     * A line of the opponent that may be a name.
     *
     * @param {PlayerKey | null} by
     * @param {string} text
     * @returns {boolean} Whether it was one, or is not to be heard at all.
     */
    hearName(by, text) {
      if (isBlocked(store.get().people, by)) return true;
      const claimed = readName(text);
      if (claimed === null) return false;
      heard += 1;
      if (by && heard <= MAX_NAMES_HEARD) changePerson(by, { claimed, seenMs: Date.now() });
      return true;
    },

    /**
     * The game on screen has changed: whoever comes is told the own name, and who is blocked is not played with unawares.
     *
     * @param {PlayedGame} opened
     * @param {GameState | null} before Null when it was just opened.
     */
    greet(opened, before) {
      if (!before) heard = 0;
      const began = opened.state.phase === 'playing' && (!before || before.phase === 'open');
      if (began && blockedOpponent(opened.state, store.get().people)) {
        const words = blockedWords(opened.state);
        if (words) say(`${words} Chat and rematches with them are left out.`);
        void hideFrom(opened);
      }
      if (opponentThere(opened.state) && !(before && opponentThere(before))) void sayName(opened);
    },

    openPeople() {
      dispatch({ type: 'dialog', dialog: { kind: 'people', error: '' } });
      // The own key stands in it.
      needPeer().catch(() => {});
    },

    /** @param {PlayerKey} key */
    openPerson(key) {
      dispatch({ type: 'dialog', dialog: { kind: 'person', key } });
    },

    /** @param {string} text A key, as somebody sent it. */
    addContact(text) {
      const { people, peer } = store.get();
      const key = keyFromPaste(text);
      const fail = (/** @type {string} */ error) => dispatch({ type: 'form', fields: { error } });
      if (!key) fail('There is no key in this. A key is 64 letters and digits.');
      else if (key === peer.player) fail('This is your own key. Send it to the other person.');
      else {
        changePerson(key, { contact: true, blocked: false, seenMs: Date.now() });
        if (!person(people, key).petname)
          dispatch({ type: 'dialog', dialog: { kind: 'person', key } });
      }
    },

    /**
     * @param {PlayerKey} key
     * @param {string} text
     * @returns {string} The name as it was taken.
     */
    namePerson(key, text) {
      const { petname } = person(store.get().people, key);
      const name = cleanName(text);
      if (name !== petname) changePerson(key, { petname: name, seenMs: Date.now() });
      return name;
    },

    /**
     * Who is blocked is no contact, and neither heard nor shown.
     *
     * @param {PlayerKey} key
     * @param {boolean} blocked
     */
    block(key, blocked) {
      const name = nameOf(store.get().people, key);
      const { contact } = person(store.get().people, key);
      changePerson(key, { blocked, contact: contact && !blocked, seenMs: Date.now() });
      const current = game();
      if (blocked && current && opponentOf(current.state) === key) void hideFrom(current);
      say(blocked ? `${name} is blocked.` : `${name} is no longer blocked.`);
    },

    /** @param {PlayerKey} key */
    invite(key) {
      dispatch({ type: 'dialog', dialog: { ...createForm(), opponent: key } });
    },
  };
}
