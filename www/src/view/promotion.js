// What a pawn becomes: four pieces over its last square, reached by pointer, arrows or Tab; Escape takes the move back.

import { html } from 'lit/html.js';
import { ref } from 'lit/directives/ref.js';

/**
 * @import { Colour } from '@rookery/peer'
 * @import { Promotion } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/** @type {readonly { role: 'q' | 'r' | 'b' | 'n', piece: string, name: string }[]} */
const CHOICES = [
  { role: 'q', piece: 'queen', name: 'Queen' },
  { role: 'n', piece: 'knight', name: 'Knight' },
  { role: 'r', piece: 'rook', name: 'Rook' },
  { role: 'b', piece: 'bishop', name: 'Bishop' },
];

/** @param {Element | undefined} element */
const focusFirst = (element) => {
  if (element && !element.contains(document.activeElement)) {
    queueMicrotask(() => element.querySelector('button')?.focus());
  }
};

/**
 * @param {Promotion} promotion
 * @param {Colour} bottom The side at the bottom of the board.
 * @param {Controller} act
 */
export function promotionView({ to, colour }, bottom, act) {
  const file = 'abcdefgh'.indexOf(to[0]);
  const column = bottom === 'white' ? file : 7 - file;
  const edge = colour === bottom ? 'top' : 'bottom';
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const buttons = [
      .../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll('button'),
    ];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') act.cancelPromotion();
    else if (step && at >= 0) buttons[(at + step + buttons.length) % buttons.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`
    <div class="promotion-veil" @click=${act.cancelPromotion}></div>
    <div
      class="promotion cg-wrap"
      role="dialog"
      aria-modal="true"
      aria-label="Promote the pawn to"
      data-column=${column}
      data-edge=${edge}
      @keydown=${onKey}
      ${ref(focusFirst)}
    >
      ${CHOICES.map(
        ({ role, piece, name }) =>
          html`<button
            type="button"
            aria-label=${name}
            title=${name}
            @click=${() => act.promote(role)}
          >
            <piece class=${`${piece} ${colour}`}></piece>
          </button>`,
      )}
    </div>
  `;
}
