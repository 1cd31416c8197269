// An arrow over the board, as a shape with coordinates of its own: the page's policy allows no styles inside elements.

import { html, svg } from 'lit/html.js';

/** @import { Colour } from '@rookery/peer' */

/** Half the width of the shaft and of the head, and the head's length, in squares. */
const SHAFT = 0.1;
const HEAD = 0.26;
const HEAD_LENGTH = 0.42;

/**
 * The middle of a square, in squares from the top left of the board.
 *
 * @param {string} square
 * @param {Colour} bottom
 * @returns {[number, number]}
 */
function middle(square, bottom) {
  const file = 'abcdefgh'.indexOf(square[0]);
  const rank = Number(square[1]) - 1;
  return bottom === 'white' ? [file + 0.5, 7.5 - rank] : [7.5 - file, rank + 0.5];
}

/**
 * @param {string} from
 * @param {string} to Another square.
 * @param {Colour} bottom The side at the bottom of the board.
 * @returns {string} The arrow's outline as points of a polygon on a board of 8 by 8.
 */
export function arrowPoints(from, to, bottom) {
  const [x1, y1] = middle(from, bottom);
  const [x2, y2] = middle(to, bottom);
  const length = Math.hypot(x2 - x1, y2 - y1);
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  /** Along the arrow, and to its left. */
  const at = (/** @type {number} */ along, /** @type {number} */ aside) =>
    [x1 + ux * along - uy * aside, y1 + uy * along + ux * aside]
      .map((value) => value.toFixed(3))
      .join(',');
  const neck = length - HEAD_LENGTH;
  const points = [
    at(0.25, SHAFT),
    at(neck, SHAFT),
    at(neck, HEAD),
    at(length, 0),
    at(neck, -HEAD),
    at(neck, -SHAFT),
    at(0.25, -SHAFT),
  ];
  return points.join(' ');
}

/**
 * @param {string} from
 * @param {string} to
 * @param {Colour} bottom
 */
export const arrowView = (from, to, bottom) =>
  html`<svg class="arrow" viewBox="0 0 8 8" aria-hidden="true">
    ${svg`<polygon points=${arrowPoints(from, to, bottom)} />`}
  </svg>`;
