import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePgn } from 'chessops/pgn';
import { exportedPgn } from '../../src/archive/pgn-export.js';
import { withTags } from '../../src/chess/pgn-tags.js';
import { NOBODY, withOwnName, withPerson } from '../../src/people/people.js';

const ME = 'c'.repeat(60) + '1234';
const ANNA = 'a'.repeat(60) + '5678';
const LINK = 'https://example.org/chess/#/game/' + 'd'.repeat(64);
/** @param {string} date */
const signed = (date) => `[Event "Rookery game"]
[Site "rookery:${'d'.repeat(64)}"]
[Date "${date}"]
[Round "-"]
[White "${ME}"]
[Black "${ANNA}"]
[Result "0-1"]
[TimeControl "300+3"]
[Termination "normal"]

1. f3 e5 2. g4 Qh4# 0-1
`;
const known = { people: NOBODY, player: ME, link: LINK, begunMs: null };

/** @param {string} pgn */
function tags(pgn) {
  const games = parsePgn(pgn);
  assert.equal(games.length, 1);
  assert.equal(games[0].moves.children[0]?.data.san, 'f3');
  return Object.fromEntries(games[0].headers);
}

test('players are named as they are called here, and their keys stay', () => {
  const named = withPerson(withOwnName(NOBODY, 'Me "the" \\ one'), ANNA, { petname: 'Anna' });
  const { White, Black, WhiteKey, BlackKey, Site, TimeControl } = tags(
    exportedPgn(signed('2026.01.05'), { ...known, people: named }),
  );
  assert.equal(White, 'Me "the" \\ one');
  assert.equal(Black, 'Anna');
  assert.deepEqual([WhiteKey, BlackKey, Site, TimeControl], [ME, ANNA, LINK, '300+3']);
  const strangers = tags(exportedPgn(signed('2026.01.05'), known));
  assert.equal(strangers.White, 'Player cccc·1234');
  assert.equal(strangers.Black, 'Player aaaa·5678');
});

test('who has not sat down has no key', () => {
  const open = signed('2026.01.05').replace(ANNA, '?');
  const { Black, BlackKey } = tags(exportedPgn(open, known));
  assert.deepEqual([Black, BlackKey], ['?', undefined]);
});

test('the day of a clocked game is that of its receipts, of another the one on which it began here', () => {
  const begunMs = new Date(2025, 11, 31, 23, 59).getTime();
  const date = (/** @type {string} */ pgn, /** @type {number | null} */ ms) =>
    tags(exportedPgn(pgn, { ...known, begunMs: ms })).Date;
  assert.equal(date(signed('2026.01.05'), begunMs), '2026.01.05');
  assert.equal(date(signed('????.??.??'), begunMs), '2025.12.31');
  assert.equal(date(signed('????.??.??'), null), '????.??.??');
});

test('no value gets out of its tag', () => {
  const value = 'a"]\n[Black "b"]\r\u2028\\';
  const { White, Black } = tags(withTags(signed('2026.01.05'), { White: value, New: 'x' }));
  assert.equal(White, 'a"] [Black "b"] \\');
  assert.equal(Black, ANNA);
});
