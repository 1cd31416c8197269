// A swipe to the left goes forward through the moves and one to the right goes back, a move for each step of the finger.

/** How far a finger goes for one move, in CSS pixels. */
const STEP_PX = 36;

/**
 * @param {HTMLElement} root Swipes count where something in it has `data-swipes`.
 * @param {(by: number) => void} step Moves, forward or back.
 */
export function followSwipes(root, step) {
  /** @type {{ id: number, x: number, y: number, swiping: boolean } | null} */
  let held = null;
  root.addEventListener('pointerdown', (event) => {
    const { target, pointerType, pointerId: id, clientX: x, clientY: y } = event;
    const here = target instanceof Element && target.closest('[data-swipes="true"]');
    held = here && pointerType !== 'mouse' ? { id, x, y, swiping: false } : null;
  });
  root.addEventListener('pointermove', (event) => {
    if (!held || event.pointerId !== held.id) return;
    const dx = event.clientX - held.x;
    if (!held.swiping && Math.abs(event.clientY - held.y) > Math.max(12, Math.abs(dx))) held = null;
    else if (Math.abs(dx) >= STEP_PX) {
      held.swiping = true;
      held.x += Math.sign(dx) * STEP_PX;
      step(-Math.sign(dx));
    }
  });
  for (const type of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    root.addEventListener(type, (event) => {
      if (event.pointerId !== held?.id) return;
      // The button under the finger was not meant.
      if (held.swiping) root.addEventListener('click', stop, { capture: true, once: true });
      setTimeout(() => root.removeEventListener('click', stop, { capture: true }));
      held = null;
    });
  }
}

/** @param {Event} event */
function stop(event) {
  event.stopPropagation();
  event.preventDefault();
}
