// The tags of a PGN: what a file says of a game beside its moves.

/** As the standard says; nothing else may stand between quotes. */
const escaped = (/** @type {string} */ value) =>
  value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replace(/[\\"]/g, '\\$&');

/**
 * Puts tags in place of those that a PGN has, and the new ones after them.
 *
 * @param {string} pgn One game, its tags first, one a line.
 * @param {Record<string, string>} tags
 */
export function withTags(pgn, tags) {
  const lines = pgn.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('['));
  const head = lines.slice(0, end);
  for (const [name, value] of Object.entries(tags)) {
    const line = `[${name} "${escaped(value)}"]`;
    const at = head.findIndex((one) => one.startsWith(`[${name} `));
    if (at < 0) head.push(line);
    else head[at] = line;
  }
  return [...head, ...lines.slice(end)].join('\n');
}

/**
 * @param {string} pgn
 * @param {string} name
 * @returns {string} Empty where there is no such tag.
 */
export const tagOf = (pgn, name) => new RegExp(`^\\[${name} "(.*)"\\]$`, 'm').exec(pgn)?.[1] ?? '';

/**
 * A day as PGN writes it.
 *
 * @param {Date} date
 * @returns {string} `2026.01.05`, where this device is.
 */
export const pgnDay = (date) =>
  [String(date.getFullYear()).padStart(4, '0'), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('.');
