// Talking to the opponent: lines that are signed, passed on and kept nowhere.

import { cleanLine, isMuted, maySay, storeMuted } from '../table/chat.js';
import { readName } from '../people/people.js';
import { opponentOf } from '../table/players.js';
import { readRematch } from '../table/rematch.js';

/**
 * @import { PlayerKey, SaidLine } from '@rookery/peer'
 * @import { RematchLine } from '../table/rematch.js'
 * @import { Desk, PlayedGame } from './desk.js'
 */

/**
 * @param {Desk} desk
 * @param {(line: RematchLine) => void} hearRematch Takes the opponent's lines that are no talk.
 * @param {(by: PlayerKey | null, text: string) => boolean} hearName Takes lines that are names, and those of who is blocked.
 */
export function talkingWishes(
  { store, dispatch, table, game, say, complain },
  hearRematch,
  hearName,
) {
  const peerGame = () => {
    const current = game();
    return current && 'say' in current ? current : null;
  };

  return {
    /** @param {SaidLine} line */
    hear({ by, text }) {
      const you = peerGame()?.state.you;
      const own = by === you;
      if (!you || (own && store.get().peer.writer)) return;
      const { state } = /** @type {PlayedGame} */ (game());
      if (!own && hearName(state[by], text)) return;
      if (own && readName(text) !== null) return;
      const line = readRematch(text);
      if (line && !own) hearRematch(line);
      else if (!line && store.get().settings.chat) {
        dispatch({ type: 'heard', by, text, nowMs: performance.now() });
      }
    },

    /**
     * @param {string} text
     * @returns {Promise<boolean>} Whether it is on its way.
     */
    async talk(text) {
      const current = peerGame();
      const chat = table()?.chat;
      const line = cleanLine(text);
      const you = current?.state.you;
      if (!current || !chat || !you || line === '') return false;
      if (!maySay(chat, performance.now())) {
        say('That was a lot at once. Wait a little before the next line.');
        return false;
      }
      try {
        await current.say(line);
        dispatch({ type: 'said', by: you, text: line, nowMs: performance.now() });
        return true;
      } catch (error) {
        complain(error);
        return false;
      }
    },

    /** @param {boolean} open */
    openChat(open) {
      dispatch({ type: 'chat', fields: { open, unread: 0 } });
    },

    mute() {
      const current = peerGame();
      const key = current && opponentOf(current.state);
      const muted = !table()?.chat.muted;
      if (!key) return;
      storeMuted(key, muted);
      dispatch({ type: 'chat', fields: { muted } });
    },

    /**
     * A game came on screen: whoever was muted stays so.
     *
     * @param {PlayedGame} opened
     */
    startTalking(opened) {
      const key = 'say' in opened ? opponentOf(opened.state) : null;
      if (key && isMuted(key)) dispatch({ type: 'chat', fields: { muted: true } });
    },
  };
}
