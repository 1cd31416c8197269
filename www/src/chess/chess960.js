// The 960 start positions of Chess960 by their usual numbers (Scharnagl's): 518 is the start of standard chess.

/** How many there are; numbers run from 0. */
export const POSITIONS = 960;

/** Where the two knights stand among the five squares that are still free, by number from 0 to 9. */
const KNIGHTS = ['01', '02', '03', '04', '12', '13', '14', '23', '24', '34'];

/**
 * @param {number} number 0 to 959.
 * @returns {string} White's pieces from a to h, such as `RNBQKBNR`.
 */
export function backRank(number) {
  const rank = Array.from({ length: 8 }, () => '');
  let rest = number;
  /** @param {number} choices */
  const next = (choices) => {
    const choice = rest % choices;
    rest = Math.floor(rest / choices);
    return choice;
  };
  const put = (/** @type {number} */ free, /** @type {string} */ piece) => {
    const open = [...rank.keys()].filter((file) => rank[file] === '');
    rank[open[free]] = piece;
  };
  rank[2 * next(4) + 1] = 'B';
  rank[2 * next(4)] = 'B';
  put(next(6), 'Q');
  const [first, second] = KNIGHTS[rest];
  // The second one first, so that the first does not take a square away before it.
  put(Number(second), 'N');
  put(Number(first), 'N');
  for (const piece of ['R', 'K', 'R']) put(0, piece);
  return rank.join('');
}

/**
 * @param {number} number 0 to 959.
 * @returns {string} FEN.
 */
export function chess960Fen(number) {
  const white = backRank(number);
  return `${white.toLowerCase()}/pppppppp/8/8/8/8/PPPPPPPP/${white} w KQkq - 0 1`;
}

/** @type {Map<string, number> | null} */
let numbers = null;

/**
 * @param {string} fen
 * @returns {number | null} Null where it is no start of Chess960.
 */
export function chess960Number(fen) {
  numbers ??= new Map(Array.from({ length: POSITIONS }, (_, i) => [chess960Fen(i), i]));
  return numbers.get(fen) ?? null;
}
