// How the board looks: its colours, its pieces, and a strip of it to see them.

import { html } from 'lit/html.js';
import { choice } from './form-parts.js';

/**
 * @import { Controller } from '../controller.js'
 * @import { Settings } from '../device/settings.js'
 */

/** @type {readonly { board: Settings['board'], name: string }[]} */
const BOARDS = [
  { board: 'slate', name: 'Slate' },
  { board: 'wood', name: 'Wood' },
  { board: 'green', name: 'Green' },
  { board: 'violet', name: 'Violet' },
  { board: 'contrast', name: 'Contrast' },
];

/** @type {readonly { pieces: Settings['pieces'], name: string }[]} */
const SETS = [
  { pieces: 'cburnett', name: 'Classic' },
  { pieces: 'bold', name: 'Bold' },
  { pieces: 'letters', name: 'Letters' },
];

const PREVIEW = ['king', 'queen', 'rook', 'bishop', 'knight', 'pawn'];

/**
 * @param {Settings} settings
 * @param {Controller} act
 */
export const lookFields = (settings, act) => html`
  <fieldset>
    <legend>Board</legend>
    <div class="choices three">
      ${BOARDS.map(({ board, name }) =>
        choice(
          'board',
          board,
          html`<span class="swatch" data-board=${board} aria-hidden="true"></span>${name}`,
          settings.board === board,
          () => act.changeSettings({ board }),
        ),
      )}
    </div>
  </fieldset>
  <fieldset>
    <legend>Pieces</legend>
    <div class="choices three">
      ${SETS.map(({ pieces, name }) =>
        choice('pieces', pieces, name, settings.pieces === pieces, () =>
          act.changeSettings({ pieces }),
        ),
      )}
    </div>
    <div class="look-preview cg-wrap" aria-hidden="true">
      ${PREVIEW.map(
        (piece, index) =>
          html`<span><piece class=${`${piece} ${index % 2 ? 'black' : 'white'}`}></piece></span>`,
      )}
    </div>
  </fieldset>
`;
