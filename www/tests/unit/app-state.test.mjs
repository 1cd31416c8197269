import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialState, reduce, screen } from '../../src/app-state.js';
import { LocalGame, newRecord } from '../../src/table/local-game.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';
import {
  livePly,
  MAX_PREMOVES,
  mayPremove,
  NO_CLOCKS,
  orientation,
  shown,
} from '../../src/table/table-state.js';

const ID = '0123456789abcdef';

/** A snapshot of a game after these moves, as White sees it. */
function snapshot(ucis, changes = {}) {
  const record = newRecord({
    id: ID,
    kind: 'computer',
    nowMs: 0,
    level: 1,
    levelName: '',
    you: 'white',
    startFen: INITIAL_FEN,
  });
  const game = new LocalGame(
    { ...record, ucis },
    { mind: null, save: async () => {}, now: () => 0 },
  );
  return { ...game.state, ...changes };
}

const receive = (state, game, rest = {}) =>
  reduce(state, {
    type: 'table-game',
    id: ID,
    game,
    clocks: NO_CLOCKS,
    link: '',
    computer: null,
    thinking: false,
    turning: false,
    ...rest,
  });

function atTable(ucis, changes) {
  const route = { screen: /** @type {const} */ ('game'), id: ID, relay: null };
  const opening = reduce(initialState(route, 'auto'), {
    type: 'table-opening',
    kind: 'peer',
    id: ID,
  });
  return receive(opening, snapshot(ucis, changes));
}

test('looking at the past is not disturbed by new moves', () => {
  let state = atTable(['e2e4', 'e7e5']);
  state = reduce(state, { type: 'show-ply', ply: 1 });
  assert.equal(shown(state.table).ply, 1);
  assert.equal(shown(state.table).live, false);
  state = receive(state, snapshot(['e2e4', 'e7e5', 'g1f3']));
  assert.equal(shown(state.table).ply, 1);
  assert.equal(shown(state.table).uci, 'e2e4');
  state = reduce(state, { type: 'show-ply', ply: 99 });
  assert.equal(state.table.shownPly, null, 'the end follows the game again');
  state = receive(state, snapshot(['e2e4', 'e7e5', 'g1f3', 'b8c6']));
  assert.equal(shown(state.table).ply, 4);
});

test('the start position is ply 0', () => {
  const state = reduce(atTable(['e2e4']), { type: 'show-ply', ply: -3 });
  assert.deepEqual(shown(state.table), {
    fen: INITIAL_FEN,
    ply: 0,
    uci: null,
    live: false,
    pending: false,
  });
});

test('a takeback of the shown move leads back to the game', () => {
  let state = reduce(atTable(['e2e4', 'e7e5', 'g1f3']), { type: 'show-ply', ply: 2 });
  state = receive(state, snapshot(['e2e4']));
  assert.equal(state.table.shownPly, null);
  assert.equal(shown(state.table).ply, 1);
});

test('an own move on its way is shown at once and counted as one ply more', () => {
  const pending = {
    uci: 'e2e4',
    fen: 'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1',
  };
  const state = atTable([], { pending });
  assert.equal(livePly(state.table), 1);
  assert.deepEqual(shown(state.table), { ...pending, ply: 1, live: true, pending: true });
});

test('an open choice of promotion ends when the position changes', () => {
  let state = atTable([]);
  const promotion = { from: 'a7', to: 'a8', colour: /** @type {const} */ ('white') };
  state = reduce(state, { type: 'table', fields: { promotion } });
  assert.deepEqual(receive(state, snapshot([])).table.promotion, promotion);
  assert.equal(receive(state, snapshot(['e2e4'])).table.promotion, null);
});

test('equal clocks change nothing, so nothing is drawn', () => {
  const state = atTable([]);
  assert.equal(reduce(state, { type: 'clocks', clocks: { ...NO_CLOCKS } }), state);
});

test('a late answer for a game that was left is dropped', () => {
  const state = atTable([]);
  assert.equal(reduce(state, { type: 'table-failed', id: 'other', error: 'late' }), state);
  const home = reduce(state, { type: 'table-closed' });
  assert.equal(receive(home, snapshot([])), home);
});

test('the bottom of the board is your side, or the other when flipped', () => {
  let state = atTable([], { you: 'black' });
  assert.equal(orientation(state.table), 'black');
  state = reduce(state, { type: 'table', fields: { flipped: true } });
  assert.equal(orientation(state.table), 'white');
});

test('the screen follows from the state', () => {
  const seen = (changes, player = 'p') =>
    screen(reduce(atTable([], changes), { type: 'peer', peer: { player } }));
  assert.equal(seen({ phase: 'playing' }), 'game');
  assert.equal(seen({ phase: 'open', creator: 'p' }), 'waiting');
  assert.equal(seen({ phase: 'open', creator: 'q' }), 'invitation');
  assert.equal(screen(reduce(atTable([]), { type: 'table-failed', id: ID, error: 'x' })), 'failed');
  assert.equal(screen(initialState({ screen: 'home' }, 'auto')), 'home');
});

test('a change to a form clears its error', () => {
  let state = initialState({ screen: 'home' }, 'auto');
  const dialog = {
    kind: /** @type {const} */ ('computer'),
    level: 1,
    colour: 'white',
    start: /** @type {const} */ ('position'),
    number: '',
    fen: 'x',
    error: 'bad',
  };
  state = reduce(state, { type: 'dialog', dialog });
  state = reduce(state, { type: 'form', fields: { fen: '' } });
  assert.deepEqual(state.dialog, { ...dialog, fen: '', error: '' });
});

test('a move that is asked about stands on the board, and goes with the position it was made in', () => {
  const candidate = {
    uci: 'e2e4',
    san: 'e4',
    fen: 'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1',
  };
  let state = reduce(atTable([]), { type: 'candidate', candidate });
  assert.equal(shown(state.table).fen, candidate.fen);
  assert.equal(shown(state.table).pending, true);
  assert.equal(livePly(state.table), 1);
  assert.deepEqual(receive(state, snapshot([])).table.candidate, candidate);
  assert.equal(receive(state, snapshot(['d2d4', 'd7d5'])).table.candidate, null);
  state = reduce(state, { type: 'plans-cancelled' });
  assert.equal(shown(state.table).fen, INITIAL_FEN);
});

test('premoves wait through a move of the other side and end with a takeback or the game', () => {
  const premove = { from: 'g1', to: 'f3' };
  const planned = reduce(atTable(['e2e4']), { type: 'premove', premove });
  assert.equal(receive(planned, snapshot(['e2e4', 'e7e5'])).table.premoves.length, 1);
  assert.equal(receive(planned, snapshot([])).table.premoves.length, 0);
  assert.equal(receive(planned, snapshot(['e2e4'], { phase: 'over' })).table.premoves.length, 0);
  assert.equal(reduce(planned, { type: 'premove-taken' }).table.premoves.length, 0);
  let full = planned;
  for (let i = 0; i < 50; i++) full = reduce(full, { type: 'premove', premove });
  assert.equal(full.table.premoves.length, MAX_PREMOVES);
});

test('premoves do not outlive an own move that was not accepted', () => {
  const pending = {
    uci: 'e2e4',
    fen: 'rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1',
  };
  const yours = snapshot([]);
  let state = atTable([], { pending, can: { ...yours.can, move: false } });
  assert.equal(mayPremove(state.table, true), true);
  state = reduce(state, { type: 'premove', premove: { from: 'g1', to: 'f3' } });
  assert.equal(state.table.premoveAt, 2);
  assert.equal(receive(state, snapshot(['e2e4'])).table.premoves.length, 1);
  assert.equal(receive(state, yours).table.premoves.length, 0, 'it was refused');
  const storing = atTable([], { can: { ...yours.can, move: false } });
  assert.equal(mayPremove(storing.table, true), false);
});

test('who may not move may plan: a player at the table in the tab that signs, and nobody else', () => {
  const waiting = snapshot(['e2e4']);
  const may = (changes, writer = true) =>
    mayPremove({ kind: 'peer', game: { ...waiting, ...changes } }, writer);
  assert.equal(may({}), true);
  assert.equal(may({}, false), false);
  assert.equal(may({ you: null }), false);
  assert.equal(may({ phase: 'over' }), false);
  assert.equal(may({ can: { ...waiting.can, move: true } }), false);
});
