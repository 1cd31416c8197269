// A small picture of a position: no board to play on, and nothing that a screen reader stops at.

import { html, nothing } from 'lit/html.js';

const PIECES = /** @type {Record<string, string>} */ ({
  k: 'king',
  q: 'queen',
  r: 'rook',
  b: 'bishop',
  n: 'knight',
  p: 'pawn',
});

/**
 * @param {string} fen
 * @param {string} last The last move as UCI, or empty.
 */
export function miniBoard(fen, last) {
  const marked = [last.slice(0, 2), last.slice(2, 4)];
  const squares = fen
    .split(' ')[0]
    .replaceAll('/', '')
    .replace(/[1-8]/g, (gap) => '.'.repeat(Number(gap)));
  return html`<span class="mini cg-wrap" aria-hidden="true"
    >${[...squares].map((char, at) => {
      const name = 'abcdefgh'[at % 8] + String(8 - Math.floor(at / 8));
      const piece = PIECES[char.toLowerCase()];
      const colour = char === char.toLowerCase() ? 'black' : 'white';
      return html`<span data-last=${marked.includes(name) ? 'true' : 'false'}
        >${piece ? html`<piece class=${`${piece} ${colour}`}></piece>` : nothing}</span
      >`;
    })}</span
  >`;
}
