// Going on without the clock: how far the two players of a clocked game have agreed, in words.

/** @import { GameState } from '@rookery/peer' */

/**
 * @param {GameState} game
 * @returns {{ title: string, words: string } | null} Null where nothing was offered and nobody left.
 */
export function leavingWords({ goesOnIn, leaving, phase, you }) {
  if (goesOnIn) {
    const ends =
      phase === 'over'
        ? 'The moves and colours are the same there, and this game has no result.'
        : 'The moves and colours are the same there. This game ends without result when its relay hears of it.';
    return { title: 'It goes on without the clock', words: ends };
  }
  if (phase !== 'playing' || !you) return null;
  switch (leaving) {
    case 'asked':
      return {
        title: 'Go on without the clock?',
        words:
          'Your opponent offers it. The moves and colours stay, in a new game without a clock, and this one ends without result.',
      };
    case 'offered':
      return {
        title: 'You offer to go on without the clock',
        words: 'Your opponent reads it when they can be reached. The next move takes it back.',
      };
    case 'accepted':
      return {
        title: 'You go on without the clock',
        words: 'Your opponent’s device has yet to confirm it. A move in this game takes it back.',
      };
    default:
      return null;
  }
}

/**
 * What changed about it, for those who listen.
 *
 * @param {GameState} before
 * @param {GameState} now
 */
export function leavingSaid(before, now) {
  if (now.goesOnIn) return before.goesOnIn ? '' : 'The game goes on without the clock.';
  if (before.leaving === now.leaving) return '';
  if (now.leaving === 'asked') return 'Your opponent offers to go on without the clock.';
  if (before.leaving === 'asked' && now.leaving === 'none') {
    return 'The offer to go on without the clock is gone.';
  }
  return now.leaving === 'offered' ? 'You offer to go on without the clock.' : '';
}
