// What it means that the relay of a game with a clock is silent: why the clock stands, and what has to happen.

/**
 * @import { GameState } from '@rookery/peer'
 */

/** @type {Record<Exclude<GameState['home'], 'heard'>, { title: string, short: string, words: string }>} */
const WORDS = {
  away: {
    title: 'The clock stands',
    short: 'No relay answers: the clock stands.',
    words:
      'The relay of this game does not answer, and no other relay of it is in reach. Nobody loses time. Play goes on by itself as soon as one of them is back.',
  },
  alone: {
    title: 'The clock stands',
    short: 'Waiting for your opponent: the clock stands.',
    words:
      'The relay of this game does not answer. You have reached another one; your opponent has not. Nobody loses time. Play goes on by itself when both of you are there.',
  },
  moving: {
    title: 'The clock stands',
    short: 'Going on at another relay: the clock stands.',
    words:
      'The relay of this game does not answer. You and your opponent are going on at another one. Nobody loses time.',
  },
  asked: {
    title: 'Your opponent cannot reach the relay',
    short: 'Your opponent cannot reach the relay.',
    words:
      'The relay of this game answers you, but not your opponent, who asks to go on at another one. As long as it answers you the game stays there, and the clock runs.',
  },
};

/**
 * @param {GameState} game
 * @returns {{ title: string, short: string, words: string } | null} Null where there is nothing to say.
 */
export function standing({ home, phase }) {
  return phase === 'playing' && home && home !== 'heard' ? WORDS[home] : null;
}

/** @param {GameState} game */
export const clockStands = ({ home }) => home === 'away' || home === 'alone' || home === 'moving';
