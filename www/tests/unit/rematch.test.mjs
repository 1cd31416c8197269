import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isRematch,
  readRematch,
  rematchOptions,
  sameRelay,
  theirsCounts,
  writeRematch,
} from '../../src/table/rematch.js';
import { INITIAL_FEN } from '../../src/chess/rules.js';

const ID = 'ab'.repeat(32);
const LIVE = { kind: 'live', initialS: 300, incrementS: 3 };
const before = {
  phase: 'over',
  you: 'white',
  white: 'me',
  black: 'you',
  creator: 'me',
  clock: LIVE,
  takebacks: true,
  variant: 'standard',
  startFen: INITIAL_FEN,
};
const offered = {
  ...before,
  phase: 'open',
  you: null,
  creator: 'you',
  white: 'you',
  black: 'me',
};

test('a rematch is the same game with colours swapped, kept for the same opponent', () => {
  assert.deepEqual(rematchOptions(before), {
    clock: LIVE,
    takebacks: true,
    variant: 'standard',
    startFen: INITIAL_FEN,
    colour: 'black',
    opponent: 'you',
  });
  assert.equal(rematchOptions({ ...before, you: null }), null);
});

test('only a line that is nothing but a link of a game is about a rematch', () => {
  const link = `https://host/site/#/game/${ID}?relay=%2Fip4%2F1.2.3.4%2Ftcp%2F1%2Fws`;
  assert.deepEqual(readRematch(` ${link} `), {
    what: 'offered',
    id: ID,
    relay: '/ip4/1.2.3.4/tcp/1/ws',
  });
  for (const text of ['hello', `see ${link}`, ID, `#/computer/${'0'.repeat(16)}`, '#/game/xyz']) {
    assert.equal(readRematch(text), null, text);
  }
});

test('what is written is read, and a link that is too long goes without its address', () => {
  const link = `https://host/#/game/${ID}?relay=x`;
  assert.equal(readRematch(writeRematch('offered', ID, link))?.relay, 'x');
  const long = writeRematch('offered', ID, `https://${'h'.repeat(500)}/#/game/${ID}?relay=x`);
  assert.equal(long, `#/game/${ID}?relay=x`);
  for (const what of ['withdrawn', 'declined']) {
    assert.deepEqual(readRematch(writeRematch(what, ID, '')), { what, id: ID, relay: null });
  }
});

test('a game is a rematch only on the same terms, by the opponent, with the own seat kept', () => {
  assert.equal(isRematch(offered, before, 'me'), true);
  const others = {
    phase: 'playing',
    creator: 'somebody',
    white: 'somebody',
    black: null,
    clock: { kind: 'none' },
    takebacks: false,
    variant: 'chess960',
    startFen: '4k3/8/8/8/8/8/4P3/4K3 w - - 0 1',
  };
  for (const [name, value] of Object.entries(others)) {
    assert.equal(isRematch({ ...offered, [name]: value }, before, 'me'), false, name);
  }
  assert.equal(isRematch({ ...offered, white: 'me', black: 'you' }, before, 'me'), false);
});

test('an offer at another relay is told apart by the name of the relay', () => {
  const ws = '/ip4/1.2.3.4/tcp/1/ws/p2p/12D3KooWA';
  assert.equal(sameRelay(ws, '/dns4/relay.example/tcp/443/wss/p2p/12D3KooWA'), true);
  assert.equal(sameRelay(ws, '/ip4/1.2.3.4/tcp/1/ws/p2p/12D3KooWB'), false);
  assert.equal(sameRelay(ws, null), false);
  assert.equal(sameRelay('/ip4/1.2.3.4/tcp/1/ws', '/ip4/1.2.3.4/tcp/2/ws'), false);
  assert.equal(sameRelay(null, null), true);
});

test('where both offered, both choose the same game', () => {
  const [low, high] = ['0a'.repeat(32), ID];
  assert.equal(theirsCounts(low, high), false);
  assert.equal(theirsCounts(high, low), true);
});
