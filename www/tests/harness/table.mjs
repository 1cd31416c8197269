// Two people and a board between them: an invitation, a seat, and moves after which both must see the same.

import assert from 'node:assert/strict';
import { castlingSide, Chess } from 'chessops/chess';
import { INITIAL_FEN, makeFen, parseFen } from 'chessops/fen';
import { parseSan } from 'chessops/san';
import { kingCastlesTo, makeUci } from 'chessops/util';

/**
 * @import { Player } from './player.mjs'
 */

/**
 * @typedef {object} Terms
 * @property {string} [time] As the form labels it, such as `10 + 0` (the default) or `Untimed`; or minutes and seconds,
 *   such as `2.5|1`.
 * @property {'White' | 'Random' | 'Black'} [colour] The creator's. Default White.
 * @property {boolean} [lobby] Listed in the lobby. Default: only who has the link.
 * @property {string} [days] Days for each move, with the time `Days…`.
 * @property {string} [chess960] Number of a Chess960 start; an empty one draws.
 * @property {string} [fen] Position to start from.
 */

/**
 * The creator makes a game and waits.
 * @param {Player} creator With the page open.
 * @param {Terms} [terms]
 * @returns {Promise<string>} The link to give away.
 */
export async function invite(
  creator,
  { time = '10 + 0', colour = 'White', lobby = false, days, chess960, fen } = {},
) {
  await creator.sees({ connection: 'connected' });
  await creator.press('Create game');
  const form = creator.page.getByRole('dialog', { name: 'Create a game' });
  const [minutes, seconds] = time.split('|');
  if (seconds === undefined) await form.getByRole('radio', { name: time, exact: true }).check();
  else {
    await form.getByRole('radio', { name: 'Custom' }).check();
    await form.getByLabel('Minutes each').fill(minutes ?? '');
    await form.getByLabel('Seconds added').fill(seconds);
  }
  if (days !== undefined) await form.getByLabel('Days for each move').fill(days);
  await form.getByRole('radio', { name: colour, exact: true }).check();
  if (chess960 !== undefined) {
    await form.getByRole('radio', { name: 'Chess960' }).check();
    await form.getByLabel('Number, 0 to 959').fill(chess960);
  }
  if (fen !== undefined) {
    await form.getByRole('radio', { name: 'Position' }).check();
    await form.getByLabel('Position (FEN)').fill(fen);
  }
  if (lobby) await form.getByRole('radio', { name: 'Anyone in the lobby' }).check();
  await form.getByRole('button', { name: 'Create', exact: true }).click();
  await creator.sees({ screen: 'waiting' });
  return creator.page.getByRole('textbox', { name: 'Invitation link' }).inputValue();
}

/**
 * An invitation as it is opened with another way to reach the relay.
 * @param {string} link
 * @param {string} query `?transport=webrtc`, or nothing.
 */
export const by = (link, query) => link.replace('#', `${query}#`);

/**
 * The guest opens the link and joins; the game is on both screens then.
 * @param {Player} creator Waiting.
 * @param {Player} guest
 * @param {string} link
 */
export async function sitDown(creator, guest, link) {
  await guest.open(link);
  await guest.sees({ screen: 'invitation' });
  await guest.press('Join');
  await Promise.all([guest.sees({ screen: 'game' }), creator.sees({ screen: 'game' })]);
}

/**
 * A game between two new people, White first.
 * @param {Player} white Creates the game.
 * @param {Player} black
 * @param {string} url The page's address.
 * @param {Terms} [terms]
 * @param {string} [query] `?transport=webrtc`, or nothing.
 */
export async function startGame(white, black, url, terms, query = '') {
  await white.open(url + query);
  await sitDown(white, black, by(await invite(white, terms), query));
}

/**
 * @typedef {object} Step
 * @property {string} uci Castling is the king's step of two squares.
 * @property {string} fen After the move.
 * @property {number} ply
 * @property {'white' | 'black'} mover
 */

/**
 * What a line of moves leads to, by another library's rules.
 * @param {string} sans Moves in SAN, with spaces between.
 * @param {{ fen?: string, ply?: number }} [from] Default: the start position.
 * @returns {Step[]}
 */
export function line(sans, { fen = INITIAL_FEN, ply = 0 } = {}) {
  const position = Chess.fromSetup(parseFen(fen).unwrap()).unwrap();
  return sans.split(' ').map((san, i) => {
    const parsed = parseSan(position, san);
    assert.ok(parsed && 'from' in parsed, `${san} is no legal move here`);
    const mover = position.turn;
    const side = castlingSide(position, parsed);
    const shown = side ? { ...parsed, to: kingCastlesTo(mover, side) } : parsed;
    position.play(parsed);
    return { uci: makeUci(shown), fen: makeFen(position.toSetup()), ply: ply + i + 1, mover };
  });
}

/**
 * Plays a line by pointer. After every move both must show the same, and what the rules say.
 * @param {{ white: Player, black: Player }} players
 * @param {Step[]} steps
 */
export async function playOut(players, steps) {
  for (const { uci, fen, ply, mover } of steps) {
    await players[mover].play(uci);
    await Promise.all([players.white.sees({ ply, fen }), players.black.sees({ ply, fen })]);
  }
}
