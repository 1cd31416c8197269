import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INITIAL_FEN } from '../../src/chess/rules.js';
import { fromPosition, seeksFor } from '../../src/people/lobby.js';
import { NOBODY, withPerson } from '../../src/people/people.js';

/** @import { Seek } from '@rookery/peer' */

const [ANNA, BERT, ME] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));

/**
 * @param {string} game
 * @param {Partial<Seek>} change
 * @returns {Seek}
 */
const seek = (game, change = {}) => ({
  game,
  creator: ANNA,
  clock: { kind: 'none' },
  colour: 'random',
  variant: 'standard',
  startFen: INITIAL_FEN,
  keptFor: null,
  relay: null,
  ...change,
});

test('a seek is for whom its seat is kept, first of all, and for nobody else', () => {
  const seeks = [seek('open'), seek('mine', { keptFor: ME }), seek('theirs', { keptFor: BERT })];
  const shown = (/** @type {string} */ player) =>
    seeksFor(seeks, player, NOBODY).map(({ game }) => game);
  assert.deepEqual(shown(ME), ['mine', 'open']);
  assert.deepEqual(shown(BERT), ['theirs', 'open']);
  assert.deepEqual(shown(ANNA), []);
});

test('what somebody offers who is blocked is not shown', () => {
  const people = withPerson(NOBODY, ANNA, { blocked: true });
  const seeks = [seek('one'), seek('two', { creator: BERT })];
  assert.deepEqual(
    seeksFor(seeks, ME, people).map(({ game }) => game),
    ['two'],
  );
});

test('a position is told from the starts that have a name', () => {
  const chess960 = /** @type {const} */ ({ variant: 'chess960' });
  const ends = 'w KQkq - 0 1';
  assert.equal(fromPosition(seek('usual')), false);
  assert.equal(fromPosition(seek('other', { startFen: '4k3/8/8/8/8/8/4P3/4K3 w - - 0 1' })), true);
  const drawn = `bbqnrknr/pppppppp/8/8/8/8/PPPPPPPP/BBQNRKNR ${ends}`;
  assert.equal(fromPosition(seek('drawn', { ...chess960, startFen: drawn })), false);
  const played = `bbqnrknr/pppppppp/8/8/8/P7/1PPPPPPP/BBQNRKNR ${ends}`;
  assert.equal(fromPosition(seek('played', { ...chess960, startFen: played })), true);
});
