// Ties the board, which keeps its own elements, to the template that holds its place.

import { AsyncDirective, directive } from 'lit/async-directive.js';
import { html, noChange } from 'lit/html.js';
import { createBoard } from '../board.js';

/** @import { Board, BoardModel } from '../board.js' */
/** @import { ElementPart } from 'lit/html.js' */

class BoardDirective extends AsyncDirective {
  /** @type {Board | null} */ #board = null;
  /** @type {(from: string, to: string) => void} */ #onDrop = () => {};

  /**
   * @param {BoardModel} _model
   * @param {(from: string, to: string) => void} _onDrop
   */
  render(_model, _onDrop) {
    return noChange;
  }

  /**
   * @override
   * @param {ElementPart} part
   * @param {[BoardModel, (from: string, to: string) => void]} values
   */
  update(part, [model, onDrop]) {
    this.#onDrop = onDrop;
    if (this.#board) this.#board.show(model);
    else {
      const element = /** @type {HTMLElement} */ (part.element);
      // The element gets its size when the template is in the document.
      queueMicrotask(() => {
        if (!this.isConnected || this.#board) return;
        this.#board = createBoard(element, model, (from, to) => this.#onDrop(from, to));
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
 * @param {(from: string, to: string) => void} onDrop
 */
export const boardView = (model, onDrop) =>
  html`<div
    class="board cg-wrap"
    role="img"
    aria-label="Chess board"
    aria-describedby="board-words"
    ${board(model, onDrop)}
  ></div>`;
