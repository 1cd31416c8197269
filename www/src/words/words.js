// The page's sentences about a game: results, presence, names. Pure functions from state to English.

/** @import { Colour, GameState, GameSummary, PlayerKey, Result } from '@rookery/peer' */

const REASONS = /** @type {Record<string, string>} */ ({
  checkmate: 'by checkmate',
  stalemate: 'by stalemate',
  'dead-position': 'neither side can mate',
  fivefold: 'the same position stood five times',
  'seventy-five': '75 moves without a capture or a pawn move',
  'record-limit': 'the game reached its greatest length',
  resignation: 'by resignation',
  agreement: 'by agreement',
  threefold: 'the same position stood three times',
  fifty: '50 moves without a capture or a pawn move',
  timeout: 'on time',
  'timeout-vs-insufficient': 'time ran out, but the other side cannot mate',
  abort: 'the game was aborted',
  'no-show': 'a first move never came',
  equivocation: 'two moves were signed for one place',
  continued: 'it goes on as a new game',
  imported: 'as the file says',
  unfinished: 'the file gives none',
  position: 'a position is no game',
});

/** @param {Colour} colour */
export const colourName = (colour) => (colour === 'white' ? 'White' : 'Black');

/**
 * @param {Result} result
 * @returns {string} `White won by checkmate`, `Draw: by agreement`, `No result: the game was aborted`.
 */
export function resultWords(result) {
  const reason = REASONS[result.reason] ?? result.reason.replaceAll('-', ' ');
  if (result.outcome === '1/2-1/2') {
    return `Draw${reason.startsWith('by ') ? ' ' : ': '}${reason}`;
  }
  if (result.outcome === '*') return `No result: ${reason}`;
  const winner = result.outcome === '1-0' ? 'White' : 'Black';
  return reason.startsWith('by ') || reason.startsWith('on ')
    ? `${winner} won ${reason}`
    : `${winner} won: ${reason}`;
}

/**
 * The result from where the reader sits.
 *
 * @param {Result} result
 * @param {Colour | null} you
 */
export function resultTitle(result, you) {
  if (result.outcome === '*') return 'No result';
  if (result.outcome === '1/2-1/2') return 'Draw';
  const winner = result.outcome === '1-0' ? 'white' : 'black';
  if (you === null) return `${colourName(winner)} won`;
  return you === winner ? 'You won' : 'You lost';
}

/**
 * Whether a game ended before a stranger to it saw it begin: its creator took the invitation back.
 *
 * @param {GameState} game
 */
export const takenBack = ({ you, ply, result }) =>
  you === null && ply === 0 && result?.reason === 'abort';

/**
 * A key short enough for a person to compare aloud.
 *
 * @param {PlayerKey} key
 */
export const shortKey = (key) => `${key.slice(0, 4)}·${key.slice(-4)}`;

/**
 * What the status line says while a game runs.
 *
 * @param {GameState} game
 * @param {boolean} thinking Whether a computer is at it.
 */
export function turnWords(game, thinking) {
  if (thinking) return 'The computer is thinking…';
  if (game.pending) return 'Your move is on its way…';
  const check = game.check ? ', in check' : '';
  if (game.you === null) return `${colourName(game.turn)} to move${check}`;
  return game.turn === game.you ? `Your move${check}` : `Their move${check}`;
}

/**
 * @param {boolean | null} present
 * @returns {string} Empty when nobody knows.
 */
export function presenceWords(present) {
  if (present === null) return '';
  return present ? 'Here' : 'Away';
}

/**
 * A round trip, in at most six characters.
 *
 * @param {number} ms
 */
export const roundTrip = (ms) =>
  ms < 999.5 ? `${Math.round(ms)} ms` : `${Math.min(99, ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;

/**
 * What the way to the relay is good for.
 *
 * @param {number | null} rttMs
 * @returns {string} Empty while nothing is measured.
 */
export function latencyWords(rttMs) {
  if (rttMs === null) return '';
  const ms = `${roundTrip(rttMs)} to the relay`;
  if (rttMs < 150) return `${ms}: good for any clock.`;
  if (rttMs < 500) return `${ms}: take 3 minutes or more.`;
  return `${ms}: slow: take a long clock.`;
}

/**
 * A description of the board for those who cannot see it.
 *
 * @param {string} fen
 */
export function boardWords(fen) {
  const names = /** @type {Record<string, string>} */ ({
    k: 'king',
    q: 'queen',
    r: 'rook',
    b: 'bishop',
    n: 'knight',
    p: 'pawn',
  });
  const [placement, turn] = fen.split(' ');
  /** @type {Record<'white' | 'black', Record<string, string[]>>} */
  const found = { white: {}, black: {} };
  placement.split('/').forEach((rank, row) => {
    let file = 0;
    for (const char of rank) {
      const gap = Number(char);
      if (gap > 0) {
        file += gap;
        continue;
      }
      const lower = char.toLowerCase();
      const side = char === lower ? found.black : found.white;
      (side[lower] ??= []).push(`${'abcdefgh'[file]}${8 - row}`);
      file += 1;
    }
  });
  const list = (/** @type {Record<string, string[]>} */ side) =>
    [...'kqrbnp']
      .filter((piece) => side[piece])
      .map((piece) => `${names[piece]} ${side[piece].join(' ')}`)
      .join(', ');
  return `${turn === 'b' ? 'Black' : 'White'} to move. White: ${list(found.white)}. Black: ${list(found.black)}.`;
}

/**
 * When something happened, in words a list can hold.
 *
 * @param {number} thenMs
 * @param {number} nowMs
 */
export function agoWords(thenMs, nowMs) {
  const minutes = Math.floor((nowMs - thenMs) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/**
 * How a game with people stands, in a list.
 *
 * @param {Pick<GameSummary, 'phase' | 'result' | 'you' | 'turn' | 'goesOnIn'>} game
 */
export function standingWords({ phase, result, you, turn, goesOnIn }) {
  if (goesOnIn) return 'Goes on without the clock';
  if (phase === 'open') return 'Waiting for an opponent';
  if (result) return resultTitle(result, you);
  if (you && turn === you) return 'Your move';
  return you ? `You are ${colourName(you)}` : 'Watching';
}

/** @param {number} count */
export const movesWords = (count) => (count === 1 ? '1 move' : `${count} moves`);
