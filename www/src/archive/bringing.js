// Files that are dropped on the page, and text that is pasted outside its fields, wherever a person is.

import { whatIs } from './intake.js';

/**
 * @typedef {object} Takers
 * @property {(files: Iterable<File>) => unknown} bringFiles
 * @property {(text: string) => unknown} bringText
 * @property {(dragging: boolean) => void} drag A file is held over the page, or no more.
 */

/** @param {Takers} takers */
export function takeWhatIsBrought({ bringFiles, bringText, drag }) {
  const carries = (/** @type {DragEvent} */ event) =>
    event.dataTransfer?.types.some((type) => type === 'Files' || type === 'text/plain') ?? false;
  const inField = (/** @type {Event} */ event) =>
    event.target instanceof Element && event.target.closest('input, textarea, [contenteditable]');

  document.addEventListener('dragover', (event) => {
    if (!carries(event) || inField(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
    drag(true);
  });
  document.addEventListener('dragleave', (event) => {
    // Null where the pointer leaves the window.
    if (event.relatedTarget === null) drag(false);
  });
  document.addEventListener('drop', (event) => {
    drag(false);
    if (!carries(event) || inField(event)) return;
    event.preventDefault();
    const { dataTransfer } = event;
    if (!dataTransfer) return;
    if (dataTransfer.files.length > 0) void bringFiles([...dataTransfer.files]);
    else void bringText(dataTransfer.getData('text/plain'));
  });
  document.addEventListener('paste', (event) => {
    const { clipboardData } = event;
    if (!clipboardData) return;
    const text = clipboardData.getData('text/plain');
    // A field of one line is no place for a whole game; everything else that is pasted there is meant for it.
    const game = text.includes('\n') && whatIs(text).kind === 'pgn';
    const wide = event.target instanceof Element && event.target.closest('textarea');
    if (wide || (inField(event) && !game)) return;
    if (clipboardData.files.length > 0) void bringFiles([...clipboardData.files]);
    else if (text.trim() !== '') void bringText(text);
    else return;
    event.preventDefault();
  });
}
