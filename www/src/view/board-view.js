// Ties the board, which keeps its own elements, to the template that holds its place.

import { AsyncDirective, directive } from 'lit/async-directive.js';
import { html, noChange } from 'lit/html.js';
import { createBoard } from './chessground.js';

/** @import { Board, BoardHandlers, BoardModel } from './chessground.js' */
/** @import { ElementPart } from 'lit/html.js' */

class BoardDirective extends AsyncDirective {
  /** @type {Board | null} */ #board = null;
  /** @type {BoardHandlers | null} */ #handlers = null;

  /**
   * @param {BoardModel} _model
   * @param {BoardHandlers} _handlers
   */
  render(_model, _handlers) {
    return noChange;
  }

  /**
   * @override
   * @param {ElementPart} part
   * @param {[BoardModel, BoardHandlers]} values
   */
  update(part, [model, handlers]) {
    this.#handlers = handlers;
    if (this.#board) this.#board.show(model);
    else {
      const element = /** @type {HTMLElement} */ (part.element);
      // The element gets its size when the template is in the document.
      queueMicrotask(() => {
        if (!this.isConnected || this.#board) return;
        this.#board = createBoard(element, model, {
          onDrop: (from, to) => this.#handlers?.onDrop(from, to),
          onCancel: () => this.#handlers?.onCancel(),
        });
      });
    }
    return noChange;
  }

  /** @override */
  disconnected() {
    this.#board?.destroy();
    this.#board = null;
  }
}

const board = directive(BoardDirective);

/**
 * @param {BoardModel} model
 * @param {BoardHandlers} handlers
 * @param {boolean} [described] Its squares are told beside it; otherwise an element `board-words` describes it.
 */
export const boardView = (model, handlers, described = false) =>
  described
    ? html`<div class="board cg-wrap" aria-hidden="true" ${board(model, handlers)}></div>`
    : html`<div
        class="board cg-wrap"
        role="img"
        aria-label="Chess board"
        aria-describedby="board-words"
        ${board(model, handlers)}
      ></div>`;
