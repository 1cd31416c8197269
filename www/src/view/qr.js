// A link as a QR code, drawn as one sharp path.

import { generate } from 'lean-qr';
import { html } from 'lit/html.js';

/** Quiet modules around the code, as the standard asks. */
const MARGIN = 4;

/**
 * @param {string} text
 * @param {string} [label] What it is, for who does not see it.
 */
export function qrView(text, label = 'QR code of the invitation') {
  const code = generate(text);
  let path = '';
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  const edge = code.size + 2 * MARGIN;
  return html`<svg
    class="qr"
    viewBox=${`${-MARGIN} ${-MARGIN} ${edge} ${edge}`}
    role="img"
    aria-label=${label}
  >
    <path d=${path} />
  </svg>`;
}
