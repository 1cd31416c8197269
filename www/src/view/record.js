// The moves of the game as a list, and the buttons that lead back and forth through them.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { livePly, shown } from '../table/table-state.js';
import { icons } from './icons.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {Table} table
 * @param {Controller} act
 */
export function movesView(table, act) {
  const game = /** @type {GameState} */ (table.game);
  const { ply, pending } = shown(table);
  const current = pending ? game.ply : ply;
  const blackFirst = game.startFen.split(' ')[1] === 'b';
  const firstNumber = Number(game.startFen.split(' ')[5]) || 1;
  return html`<div class="moves-box" ${ref(followSize)}>
    ${guard([game.moves, current, table.id], () => {
      const number = (/** @type {number} */ index) => {
        const half = index + (blackFirst ? 1 : 0);
        const whole = firstNumber + Math.floor(half / 2);
        if (half % 2 === 0) return `${whole}.`;
        return index === 0 ? `${whole}…` : '';
      };
      return html`<ol
        class="moves"
        role="list"
        aria-label="Game record"
        data-black-first=${blackFirst ? 'true' : 'false'}
      >
        ${game.moves.map(
          (move, index) =>
            html`<li
              data-number=${number(index)}
              data-side=${(index + (blackFirst ? 1 : 0)) % 2 ? 'black' : 'white'}
            >
              <button
                class="move"
                aria-current=${move.ply === current ? 'step' : 'false'}
                @click=${() => act.showPly(move.ply)}
                ${move.ply === current ? ref(keepInSight) : nothing}
              >
                ${move.san}
              </button>
            </li>`,
        )}
      </ol>`;
    })}
    ${game.moves.length === 0 ? html`<p class="empty">No moves yet</p>` : nothing}
  </div>`;
}

/**
 * Brings the current move into sight behind the next frame: its layout is done then, where asking within the frame would have it made
 * twice, for the board draws after that.
 *
 * @param {Element | undefined} element
 */
function keepInSight(element) {
  requestAnimationFrame(() =>
    setTimeout(() => {
      const box = element?.closest('.moves-box');
      if (box) showCurrentMove(box);
    }),
  );
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) showCurrentMove(target);
});

/**
 * Keeps the current move in sight when the list gets another shape: a phone is turned, a window is drawn larger.
 *
 * @param {Element | undefined} box
 */
function followSize(box) {
  if (box) sizes.observe(box);
  else sizes.disconnect();
}

/**
 * Scrolls the list, and never the page, to the current move.
 *
 * @param {Element} box
 */
function showCurrentMove(box) {
  const current = box.querySelector('[aria-current="step"]');
  if (!current) return;
  const frame = box.getBoundingClientRect();
  const { top, bottom, left, right } = current.getBoundingClientRect();
  if (top < frame.top) box.scrollTop -= frame.top - top;
  else if (bottom > frame.bottom) box.scrollTop += bottom - frame.bottom + 4;
  if (left < frame.left + 32) box.scrollLeft -= frame.left + 32 - left;
  else if (right > frame.right) box.scrollLeft += right - frame.right + 4;
}

/**
 * @param {Table} table
 * @param {Controller} act
 */
export function navigationView(table, act) {
  const { ply } = shown(table);
  const last = livePly(table);
  return html`<div class="navigation" role="group" aria-label="Look back" data-swipes="true">
    <button class="icon-button" aria-label="Flip board" title="Flip board" @click=${act.flip}>
      ${icons.flip}
    </button>
    ${step('To the start', icons.first, ply === 0, () => act.showPly(0))}
    ${step('Back', icons.back, ply === 0, () => act.step(-1))}
    ${step('Forward', icons.forward, ply === last, () => act.step(1))}
    ${step('To the end', icons.last, ply === last, () => act.showPly(last))}
  </div>`;
}

/**
 * @param {string} name
 * @param {unknown} icon
 * @param {boolean} disabled
 * @param {() => void} onClick
 */
const step = (name, icon, disabled, onClick) =>
  html`<button
    class="icon-button"
    aria-label=${name}
    title=${name}
    ?disabled=${disabled}
    @click=${onClick}
  >
    ${icon}
  </button>`;
