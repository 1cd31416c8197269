// The page's few pictures, drawn for it: the rook mark and small signs on buttons. All are decoration; names come from text.

import { html, svg } from 'lit/html.js';

/** A tower with a bird's beak in its battlements: the mark of Rookery. */
export const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
  <path fill="currentColor" d="M7 5h4v3h3V5h4v3h3V5h2l4 4-4 2v2l-3 3v7h1l2 4H9l2-4h1v-7l-3-3H7z" />
  <circle class="mark-eye" cx="20.2" cy="11.2" r="1.3" />
</svg>`;

/** @param {ReturnType<typeof svg>} shape */
const sign = (shape) =>
  html`<svg class="sign" viewBox="0 0 20 20" aria-hidden="true">${shape}</svg>`;

export const icons = {
  direct: sign(
    svg`<path d="M6 10h8M3 10a2 2 0 1 0 4 0 2 2 0 1 0-4 0M13 10a2 2 0 1 0 4 0 2 2 0 1 0-4 0" />`,
  ),
  flip: sign(svg`<path d="M6 16V4M3 7l3-3 3 3M14 4v12M11 13l3 3 3-3" />`),
  first: sign(svg`<path d="M5 4v12M15 4l-7 6 7 6" />`),
  back: sign(svg`<path d="M13 4l-7 6 7 6" />`),
  forward: sign(svg`<path d="M7 4l7 6-7 6" />`),
  last: sign(svg`<path d="M15 4v12M5 4l7 6-7 6" />`),
  takeback: sign(svg`<path d="M4 8h8a4 4 0 010 8H8M8 4L4 8l4 4" />`),
  draw: sign(svg`<path d="M4 8h12M4 12h12" />`),
  abort: sign(svg`<path d="M5 5l10 10M15 5L5 15" />`),
  resign: sign(svg`<path d="M5 17V3M5 4h10l-2.5 3.5L15 11H5" />`),
  analyse: sign(svg`<path d="M3 16l4-6 3 3 6-9M16 8V4h-4" />`),
  again: sign(svg`<path d="M10 4v12M4 10h12" />`),
  copy: sign(svg`<path d="M7 7h9v9H7zM4 13V4h9" />`),
  open: sign(svg`<path d="M3 16V5h5l2 2h7v9zM3 10h14" />`),
  bin: sign(svg`<path d="M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.6 9v4M11.4 9v4" />`),
  share: sign(svg`<path d="M10 12V3M7 6l3-3 3 3M5 9v8h10V9" />`),
  eye: sign(
    svg`<path d="M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5z" /><circle cx="10" cy="10" r="2.2" />`,
  ),
  star: sign(
    svg`<path d="M10 3l2.1 4.5 4.9.6-3.6 3.3.9 4.9L10 13.9l-4.3 2.4.9-4.9L3 8.1l4.9-.6z" />`,
  ),
  play: sign(svg`<path d="M6 4l10 6-10 6z" />`),
  save: sign(svg`<path d="M10 3v9M6 9l4 4 4-4M4 16h12" />`),
  rematch: sign(
    svg`<path d="M4 8a6.2 6.2 0 0111-2M16 3v4h-4M16 12a6.2 6.2 0 01-11 2M4 17v-4h4" />`,
  ),
  settings: sign(
    svg`<circle cx="10" cy="10" r="2.6" /><path d="M10 2.6v2M10 15.4v2M2.6 10h2M15.4 10h2M4.8 4.8l1.4 1.4M13.8 13.8l1.4 1.4M4.8 15.2l1.4-1.4M13.8 6.2l1.4-1.4M10 4.6a5.4 5.4 0 010 10.8 5.4 5.4 0 010-10.8z" />`,
  ),
  sun: sign(
    svg`<circle cx="10" cy="10" r="3.2" /><path d="M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4" />`,
  ),
  moon: sign(svg`<path d="M16 11.5A6.5 6.5 0 118.5 4a5 5 0 007.5 7.5z" />`),
  device: sign(
    svg`<circle cx="10" cy="10" r="6.5" /><path class="sign-full" d="M10 3.5a6.5 6.5 0 010 13z" />`,
  ),
};
