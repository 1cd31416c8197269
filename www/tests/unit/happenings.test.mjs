import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialState } from '../../src/app-state.js';
import { happenings, noticed } from '../../src/table/happenings.js';
import { INITIAL_FEN, playLine } from '../../src/chess/rules.js';
import { freshTable } from '../../src/table/table-state.js';
import { vibrationFor } from '../../src/device/vibration.js';

/** A game with somebody else after some moves. */
function stateAfter(ucis, game = {}, table = {}, settings = {}) {
  const { moves, pos } = playLine(INITIAL_FEN, ucis);
  const state = initialState({ screen: 'game', id: 'x', relay: null }, 'auto');
  return {
    ...state,
    settings: { ...state.settings, ...settings },
    table: {
      ...freshTable('peer', 'x'),
      status: 'ready',
      game: {
        ...{
          phase: 'playing',
          startFen: INITIAL_FEN,
          clock: { kind: 'live' },
          takebacks: true,
          you: 'white',
        },
        ...{ white: 'a'.repeat(64), black: 'b'.repeat(64), present: { white: true, black: true } },
        ...{ moves, ply: moves.length, fen: moves.at(-1)?.fen ?? INITIAL_FEN, turn: pos.turn },
        ...{ check: pos.isCheck(), pending: null, result: null, can: {} },
        ...{ offers: { draw: null, takeback: null }, ...game },
      },
      ...table,
    },
  };
}

const after = (ucis) => playLine(INITIAL_FEN, ucis).moves.at(-1);

test('an own move is noticed when it is made, not again when it is confirmed', () => {
  const before = stateAfter([]);
  const { uci, fen } = after(['e2e4']);
  const sent = stateAfter([], { pending: { uci, fen } });
  const confirmed = stateAfter(['e2e4']);
  assert.deepEqual(happenings(before, sent), ['move']);
  assert.deepEqual(vibrationFor(['move'], sent), []);
  assert.deepEqual(happenings(sent, confirmed), []);
  assert.deepEqual(happenings(confirmed, stateAfter(['e2e4', 'd7d5'])), ['move']);
  assert.deepEqual(vibrationFor(['move'], stateAfter(['e2e4', 'd7d5'])), [30]);
});

test('captures, checks, offers and ends are told apart', () => {
  const line = ['e2e4', 'd7d5', 'e4d5', 'd8d5', 'a2a3', 'd5e4'];
  assert.deepEqual(happenings(stateAfter(line.slice(0, 2)), stateAfter(line.slice(0, 3))), [
    'capture',
  ]);
  assert.deepEqual(happenings(stateAfter(line.slice(0, 5)), stateAfter(line)), ['move', 'check']);
  const offered = stateAfter(line, { offers: { draw: 'black', takeback: null } });
  assert.deepEqual(happenings(stateAfter(line), offered), ['offer']);
  const own = stateAfter(line, { offers: { draw: 'white', takeback: null } });
  assert.deepEqual(happenings(stateAfter(line), own), []);
  const over = stateAfter(line, {
    phase: 'over',
    result: { outcome: '0-1', reason: 'resignation' },
  });
  assert.deepEqual(happenings(stateAfter(line), over), ['end']);
  const other = stateAfter([], {}, { id: 'y' });
  assert.deepEqual(happenings(over, other), [], 'another game on screen is no happening');
});

test('the own time is said at each mark once, and heard when it gets low', () => {
  const at = (whiteMs) =>
    stateAfter([], {}, { clocks: { whiteMs, blackMs: 5000, running: 'white', firstMoveMs: null } });
  assert.equal(noticed(at(60_100), at(59_900)), 'One minute left.');
  assert.equal(noticed(at(59_900), at(59_800)), '');
  assert.equal(noticed(at(30_000), at(29_950)), '30 seconds left.');
  assert.equal(noticed(at(10_000), at(9_900)), '10 seconds left.');
  assert.deepEqual(happenings(at(20_000), at(19_900)), ['low-time']);
  assert.deepEqual(happenings(at(19_900), at(19_800)), []);
});

test('in screen-reader mode a game that comes on screen is told, and a line of chat is said once', () => {
  const listening = { screenReader: true };
  const none = { ...stateAfter([], {}, {}, listening), table: null };
  const opened = stateAfter(['e2e4'], {}, {}, listening);
  assert.match(
    noticed(none, opened),
    /^You play White\. .*Last move: 1, White: pawn e4\. Their move\.$/,
  );
  assert.equal(noticed(none, stateAfter(['e2e4'])), '');
  const line = { by: 'black', text: 'Hi' };
  const said = {
    ...opened,
    table: { ...opened.table, chat: { ...opened.table.chat, lines: [line] } },
  };
  assert.equal(noticed(opened, said), 'Your opponent says: Hi');
  assert.equal(noticed(said, said), '');
});
