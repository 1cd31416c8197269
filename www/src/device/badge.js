// The number on the icon of the installed page, where the platform has one.

/** @typedef {{ setAppBadge?: (count: number) => Promise<void>, clearAppBadge?: () => Promise<void> }} Badged */

let shown = -1;

/**
 * @param {number} count Nothing is shown for none.
 * @param {Badged} [badged]
 */
export function showBadge(count, badged = navigator) {
  if (count === shown) return;
  shown = count;
  const done = count > 0 ? badged.setAppBadge?.(count) : badged.clearAppBadge?.();
  // A page that is not installed has no icon.
  done?.catch(() => {});
}
