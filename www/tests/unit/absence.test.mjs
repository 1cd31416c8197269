import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absenceWords, opponentGone } from '../../src/table/absence.js';
import { announcement } from '../../src/words/announcement.js';
import { clockSpoken } from '../../src/table/clock.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';

const LIVE = { kind: 'live', initialS: 300, incrementS: 0 };
const game = (changes) => ({
  phase: 'playing',
  you: 'white',
  turn: 'black',
  fen: INITIAL_FEN,
  clock: LIVE,
  present: { white: true, black: false },
  ply: 1,
  moves: [],
  offers: { draw: null, takeback: null },
  result: null,
  ...changes,
});
const clocks = (changes) => ({
  whiteMs: 300_000,
  blackMs: 151_000,
  running: 'black',
  firstMoveMs: null,
  ...changes,
});

test('only a player whose opponent is known to be gone is told so', () => {
  assert.equal(opponentGone(game({})), true);
  assert.equal(opponentGone(game({ present: { white: true, black: null } })), false);
  assert.equal(opponentGone(game({ you: null })), false);
  assert.equal(opponentGone(game({ phase: 'over' })), false);
  assert.equal(absenceWords(game({ present: { white: true, black: true } }), clocks({})), '');
});

test('the countdown is that of the clock that runs, and says what follows', () => {
  const words = (changes, time = {}) => absenceWords(game(changes), clocks(time));
  assert.equal(words({}), 'Away: their flag falls in 2:31, then you win.');
  const bare = '4k2r/8/8/8/8/8/8/4K3 b - - 0 1';
  assert.equal(words({ fen: bare }), 'Away: their flag falls in 2:31, then it is a draw.');
  assert.match(words({}, { firstMoveMs: 25_000 }), /no result without a first move in 0:25/);
  assert.match(words({ turn: 'white' }), /your clock runs/);
  assert.match(words({ clock: { kind: 'none' } }), /no clock/);
  assert.match(
    words({ clock: { kind: 'days', days: 3 } }, { blackMs: 187_200_000 }),
    /falls in 2 d 04:00/,
  );
});

test('going and coming back is said once, with the time in words', () => {
  const here = game({ present: { white: true, black: true } });
  const away = game({});
  const said = announcement(here, away, clocks({}));
  assert.equal(
    said,
    `Your opponent is away: their flag falls in ${clockSpoken(151_000)}, then you win.`,
  );
  assert.equal(announcement(away, away, clocks({})), '');
  assert.equal(announcement(away, here, clocks({})), 'Your opponent is back.');
});
