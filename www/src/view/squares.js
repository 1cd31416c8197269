// The squares of the board as a grid that the keyboard walks over and a screen reader reads. It lies over the drawn board and lets
// the pointer through.

import { html } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { callSquares, pieceWords, placement } from '../words/speech.js';
import { walk } from '../chess/square-walk.js';

/**
 * @import { Colour } from '@rookery/peer'
 * @import { BoardModel } from './chessground.js'
 * @import { Controller } from '../controller.js'
 * @import { Settings } from '../device/settings.js'
 * @import { Table } from '../table/table-state.js'
 */

const FILES = [...'abcdefgh'];

/**
 * Rows of squares from the top of the board.
 *
 * @param {Colour} bottom
 */
function rows(bottom) {
  const ranks = [8, 7, 6, 5, 4, 3, 2, 1];
  const files = bottom === 'white' ? FILES : [...FILES].reverse();
  return (bottom === 'white' ? ranks : ranks.reverse()).map((rank) =>
    files.map((file) => `${file}${rank}`),
  );
}

/**
 * @param {BoardModel} model
 * @param {Table} table
 * @param {Settings} settings
 * @param {Controller} act
 */
export function squaresView({ fen, orientation, dests }, { cursor, picked }, settings, act) {
  const held = picked && dests[picked] ? picked : null;
  const goals = held ? dests[held].join(' ') : '';
  return guard([fen, orientation, cursor, held, goals, settings.squares], () => {
    const pieces = placement(fen);
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      const { square } = /** @type {HTMLElement} */ (event.target).dataset;
      if (!square || event.altKey || event.ctrlKey || event.metaKey) return;
      if (!press(event, square, orientation, pieces, act)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    return html`<div
      class="squares"
      role="grid"
      aria-label="Board"
      aria-describedby="board-keys"
      @keydown=${onKey}
      ${ref((grid) => keepPlace(grid, cursor))}
    >
      ${rows(orientation).map(
        (row) =>
          html`<div class="squares-row" role="row">
            ${row.map((square) => {
              const goal = goals.includes(square);
              const words = `${square}, ${pieceWords(pieces.get(square))}`;
              const state = square === held ? ', picked up' : goal ? ', can go here' : '';
              return html`<span
                role="gridcell"
                data-square=${square}
                data-goal=${goal ? (pieces.has(square) ? 'taken' : 'free') : 'none'}
                tabindex=${square === cursor ? '0' : '-1'}
                aria-selected=${square === held ? 'true' : 'false'}
                aria-label=${callSquares(words, settings.squares) + state}
                @focus=${() => act.walkTo(square)}
                @click=${() => act.pressSquare(square)}
              ></span>`;
            })}
          </div>`,
      )}
    </div>`;
  });
}

/**
 * @param {KeyboardEvent} event
 * @param {string} square
 * @param {Colour} bottom
 * @param {ReturnType<typeof placement>} pieces
 * @param {Controller} act
 * @returns {boolean} Whether the key means something here.
 */
function press(event, square, bottom, pieces, act) {
  const { key } = event;
  const grid = /** @type {HTMLElement} */ (event.currentTarget);
  const goal = walk(square, event, bottom, pieces);
  if (goal) focusSquare(grid, goal);
  else if (key === 'Enter' || key === ' ') act.pressSquare(square);
  else if (key === 'Escape') act.letGo();
  else if (key === 'i') document.getElementById('move')?.focus();
  else return act.askHere(key, square);
  return true;
}

/**
 * @param {Element} grid
 * @param {string} square
 */
function focusSquare(grid, square) {
  const cell = grid.querySelector(`[data-square="${square}"]`);
  if (cell instanceof HTMLElement) cell.focus();
}

/**
 * A board that turns under the keyboard takes it along to its square.
 *
 * @param {Element | undefined} grid
 * @param {string} cursor
 */
function keepPlace(grid, cursor) {
  if (!grid) return;
  queueMicrotask(() => {
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLElement) || !grid.contains(activeElement)) return;
    if (activeElement.dataset.square !== cursor) focusSquare(grid, cursor);
  });
}
