// The form for moves that people pass on themselves: the own ones to give away, the other's to take in.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { footer, valueOf } from './form-parts.js';
import { icons } from './icons.js';
import { qrView } from './qr.js';

/**
 * @import { HandForm } from '../dialog-state.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/** The longest text that a QR code holds which a phone reads from a screen, in characters. */
const MAX_CODE = 1200;

/**
 * Whether moves can go by hand only, just now.
 *
 * @param {Table} table
 */
const isCutOff = ({ kind, game }) =>
  kind === 'peer' &&
  game?.phase === 'playing' &&
  game.you !== null &&
  game.clock.kind === 'none' &&
  game.path === 'none';

/**
 * @param {Table} table
 * @param {Controller} act
 */
export function handOffer(table, act) {
  if (!isCutOff(table)) return nothing;
  return html`<section class="standing" aria-labelledby="hand-title">
    <h2 id="hand-title">No way to your opponent</h2>
    <p>
      No relay answers, and their device is out of reach. Your moves are kept and go out by
      themselves when there is a way. Until then you two can pass them on yourselves.
    </p>
    <button class="quiet" @click=${act.openHand}>${icons.share}Pass moves on by hand…</button>
  </section>`;
}

/**
 * @param {HandForm} form
 * @param {Controller} act
 */
export const handFormView = (form, act) => html`
  <h2 id="dialog-title">Pass moves on by hand</h2>
  ${
    form.mine
      ? html`<fieldset class="hand">
          <legend>Yours, for your opponent</legend>
          <div class="link-row">
            <label class="hidden" for="hand-mine">Your moves as a text</label>
            <input
              id="hand-mine"
              readonly
              .value=${form.mine}
              @focus=${(/** @type {Event} */ event) =>
                /** @type {HTMLInputElement} */ (event.currentTarget).select()}
            />
            <button type="button" @click=${() => act.copy(form.mine, 'Moves')}>
              ${icons.copy}Copy
            </button>
            <button type="button" @click=${act.saveHand}>${icons.save}File</button>
          </div>
          ${
            form.mine.length > MAX_CODE
              ? html`<p class="hint">It is too long for a QR code.</p>`
              : guard([form.mine], () => qrView(form.mine, 'QR code of your moves'))
          }
        </fieldset>`
      : html`<p class="hint">You have made no move yet that your opponent could lack.</p>`
  }
  <fieldset class="hand">
    <legend>Theirs</legend>
    <label>
      The text that your opponent gave you
      <textarea
        rows="3"
        autocomplete="off"
        spellcheck="false"
        aria-describedby="dialog-error"
        .value=${form.theirs}
        @input=${(/** @type {InputEvent} */ event) => act.changeForm({ theirs: valueOf(event) })}
      ></textarea>
    </label>
    <label>
      Or a file, or a picture of their QR code
      <input
        type="file"
        accept="text/plain,image/*"
        @change=${(/** @type {Event} */ event) => {
          const { files } = /** @type {HTMLInputElement} */ (event.currentTarget);
          if (files?.[0]) void act.openHandFile(files[0]);
        }}
      />
    </label>
  </fieldset>
  ${footer('Take them in', form.busy, form.error, act)}
`;
