import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOBODY, withPerson } from '../../src/people/people.js';
import { blockedOpponent, blockedWords, opponentOf } from '../../src/table/players.js';

/** @import { GameState } from '@rookery/peer' */

const [ME, BERT] = ['c', 'b'].map((letter) => letter.repeat(64));

/**
 * @param {Partial<GameState>} change
 * @returns {GameState}
 */
const game = (change = {}) =>
  /** @type {GameState} */ ({
    phase: 'playing',
    you: 'white',
    white: ME,
    black: BERT,
    moves: [],
    can: { abort: true },
    ...change,
  });

test('only a game that one plays has an opponent', () => {
  assert.equal(opponentOf(game()), BERT);
  assert.equal(opponentOf(game({ you: 'black' })), ME);
  assert.equal(opponentOf(game({ you: null })), null);
  const people = withPerson(NOBODY, BERT, { blocked: true });
  assert.equal(blockedOpponent(game(), people), true);
  assert.equal(blockedOpponent(game({ you: null }), people), false);
});

test('who sat down though blocked can be left before the own first move, and that is said', () => {
  const can = /** @type {GameState['can']} */ ({ abort: false });
  const e4 = {
    ...{ ply: 1, uci: 'e2e4', san: 'e4' },
    fen: 'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1',
  };
  assert.match(blockedWords(game()), /You may abort now/);
  assert.match(blockedWords(game({ you: 'black', can })), /abort at your move/);
  assert.match(blockedWords(game({ you: 'black', moves: [e4] })), /You may abort now/);
  assert.equal(blockedWords(game({ can, moves: [e4] })), '');
  assert.equal(blockedWords(game({ phase: 'over', can })), '');
});
