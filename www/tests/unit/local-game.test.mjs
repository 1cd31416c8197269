import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownRecord, LocalGame, newRecord } from '../../src/table/local-game.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';

/** A game whose computer answers when the test says so. */
function play({
  kind = 'computer',
  you = 'white',
  startFen = INITIAL_FEN,
  chess960 = false,
  ucis = [],
  takesDraw = false,
} = {}) {
  const asked = [];
  const saved = [];
  const notices = [];
  const mind = {
    think: (record, signal) =>
      new Promise((resolve, reject) => asked.push({ record, signal, resolve, reject })),
    takesDraw: () => takesDraw,
  };
  const record = newRecord({
    id: 'x',
    kind,
    nowMs: 1,
    level: 2,
    levelName: 'Easy',
    you,
    startFen,
    chess960,
  });
  const game = new LocalGame(
    { ...record, ucis },
    { mind, save: async (kept) => saved.push(kept) > 0, now: () => 2 },
  );
  game.addEventListener('notice', (event) => notices.push(event.detail));
  game.start();
  const answer = async (uci) => {
    const changed = new Promise((resolve) =>
      game.addEventListener('change', resolve, { once: true }),
    );
    asked.at(-1).resolve({ uci, cp: 0 });
    await changed;
  };
  return { game, asked, saved, notices, answer };
}

test('the computer answers in turn and every move is kept', async () => {
  const { game, asked, saved, answer } = play();
  assert.equal(asked.length, 0, 'it waits for White');
  await game.move('e2e4');
  assert.equal(game.thinking, true);
  assert.equal(game.state.can.move, false);
  await answer('e7e5');
  assert.equal(game.thinking, false);
  assert.deepEqual(
    game.state.moves.map((move) => move.san),
    ['e4', 'e5'],
  );
  assert.deepEqual(saved.at(-1).ucis, ['e2e4', 'e7e5']);
});

test('the computer begins when it has the first move', async () => {
  const { game, answer } = play({ you: 'black' });
  await answer('d2d4');
  assert.equal(game.state.turn, 'black');
  assert.equal(game.state.can.abort, true);
});

test('a move out of turn or against the rules is refused and nothing changes', async () => {
  const { game, saved } = play();
  await assert.rejects(game.move('e2e5'), /not possible/);
  await game.move('e2e4');
  await assert.rejects(game.move('d2d4'), /not your turn/);
  assert.equal(saved.length, 1);
});

test('a takeback while it thinks stops it and undoes one move, later two', async () => {
  const { game, asked, answer } = play();
  await game.move('e2e4');
  await game.askTakeback();
  assert.equal(asked[0].signal.aborted, true);
  assert.equal(game.state.ply, 0);
  asked[0].resolve({ uci: 'a2a3', cp: 0 });
  await new Promise(setImmediate);
  assert.equal(game.state.ply, 0, 'the late answer is dropped');
  await game.move('d2d4');
  await answer('d7d5');
  await game.askTakeback();
  assert.equal(game.state.ply, 0);
  assert.equal(game.state.can.askTakeback, false);
});

test('mate ends the game and the computer is asked no more', async () => {
  const { game, asked } = play({
    startFen: '6k1/5ppp/8/8/8/8/8/R3K3 w - - 0 1',
  });
  await game.move('a1a8');
  assert.deepEqual(game.state.result, { outcome: '1-0', reason: 'checkmate' });
  assert.equal(game.state.phase, 'over');
  assert.equal(asked.length, 0);
  await assert.rejects(game.resign(), /over/);
});

test('resigning, aborting and agreeing end it with their reasons', async () => {
  const resigned = play({ you: 'black' });
  await resigned.game.resign();
  assert.deepEqual(resigned.game.state.result, { outcome: '1-0', reason: 'resignation' });
  assert.equal(resigned.asked[0].signal.aborted, true);

  const aborted = play();
  await aborted.game.abort();
  assert.deepEqual(aborted.game.state.result, { outcome: '*', reason: 'abort' });

  const agreed = play({ takesDraw: true });
  await agreed.game.offerDraw();
  assert.equal(agreed.game.state.result?.reason, 'agreement');
});

test('a refused draw is told and the game goes on', async () => {
  const { game, notices } = play();
  await game.offerDraw();
  assert.equal(notices[0].code, 'draw-declined');
  assert.equal(game.state.result, null);
});

test('a threefold repetition can be claimed on your turn', async () => {
  const shuffle = ['g1f3', 'g8f6', 'f3g1', 'f6g8'];
  const { game } = play({ ucis: [...shuffle, ...shuffle] });
  assert.equal(game.state.can.claimDraw, true);
  await game.draw();
  assert.deepEqual(game.state.result, { outcome: '1/2-1/2', reason: 'threefold' });
});

test('an engine that fails is told in words and the game can go on', async () => {
  const { game, asked, notices } = play();
  await game.move('e2e4');
  const told = new Promise((resolve) => game.addEventListener('notice', resolve, { once: true }));
  asked[0].reject(new Error('out of memory'));
  await told;
  assert.match(notices[0].words, /out of memory/);
  assert.equal(game.thinking, false);
  game.start();
  assert.equal(asked.length, 2);
});

test('two at one board move in turn, take back ply by ply, and whoever is to move resigns', async () => {
  const { game, asked } = play({ kind: 'board' });
  await game.move('e2e4');
  assert.equal(game.state.you, 'black');
  assert.equal(game.state.can.move, true);
  await game.move('e7e5');
  await game.askTakeback();
  assert.equal(game.state.ply, 1);
  await game.askTakeback();
  assert.equal(game.state.ply, 0);
  await assert.rejects(game.askTakeback(), /no move/);
  await game.move('d2d4');
  await game.resign();
  assert.deepEqual(game.state.result, { outcome: '1-0', reason: 'resignation' });
  assert.equal(asked.length, 0, 'nobody thinks');
  assert.equal(game.opponent, null);
});

test('at one board a draw is agreed on at once, and the board remembers whether it turns', async () => {
  const { game, saved } = play({ kind: 'board' });
  assert.equal(game.record.turning, false);
  await game.turn();
  assert.equal(saved.at(-1).turning, true);
  await game.offerDraw();
  assert.deepEqual(game.state.result, { outcome: '1/2-1/2', reason: 'agreement' });
});

test('in Chess960 the king is sent to its rook, and the engine is told which chess it is', async () => {
  const startFen = 'bbqnrknr/pppppppp/8/8/8/5N2/PPPPPPPP/BBQNRK1R w KQkq - 0 1';
  const { game, asked } = play({ startFen, chess960: true });
  assert.equal(game.state.variant, 'chess960');
  assert.ok(game.state.dests.f1.includes('h1'));
  await game.move('f1h1');
  assert.equal(game.state.moves[0].san, 'O-O');
  assert.equal(asked[0].record.chess960, true);
  assert.match(game.pgn(''), /\[Variant "Chess960"\]/);
  assert.match(game.pgn(''), /\[FEN "bbqnrknr/);
});

test('a game that an earlier version kept is one against the computer', () => {
  const kept = {
    id: 'x',
    createdMs: 1,
    updatedMs: 2,
    level: 4,
    levelName: 'Club',
    you: 'black',
    startFen: INITIAL_FEN,
    ucis: ['e2e4'],
    result: null,
  };
  assert.deepEqual(knownRecord(kept), {
    ...kept,
    kind: 'computer',
    turning: false,
    chess960: false,
  });
});

test('a device that keeps nothing says so once, and the game goes on with its answers', async () => {
  const notices = [];
  let room = false;
  const asked = [];
  const game = new LocalGame(
    newRecord({ id: 'x', kind: 'computer', startFen: INITIAL_FEN, nowMs: 1 }),
    {
      mind: {
        think: async ({ ucis }) => {
          asked.push(ucis);
          return { uci: ['e7e5', 'b8c6'][asked.length - 1], cp: 0 };
        },
        takesDraw: () => false,
      },
      save: async () => room,
      now: () => 2,
    },
  );
  game.addEventListener('notice', ({ detail }) => notices.push(detail.code));
  const answered = async (ply) => {
    while (game.state.ply < ply) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await game.move('e2e4');
  await answered(2);
  await game.move('g1f3');
  await answered(4);
  assert.deepEqual(notices, ['storage']);
  room = true;
  await game.resign();
  assert.deepEqual(notices, ['storage']);
});
