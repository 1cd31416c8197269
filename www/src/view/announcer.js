// The live region: each announcement is an element of its own, so that two in a row are both heard, and the same words twice.

/** @import { Announcement } from '../app-state.js' */

/** Announcements that stay in the document; a reader has taken the older ones. */
const KEPT = 3;

/**
 * @param {HTMLElement} region
 * @param {Announcement[]} announcements
 */
export function announce(region, announcements) {
  const last = Number(region.dataset.last ?? 0);
  for (const { id, words } of announcements) {
    if (id <= last) continue;
    const line = document.createElement('span');
    line.textContent = `${words} `;
    region.append(line);
    region.dataset.last = String(id);
  }
  while (region.childElementCount > KEPT) region.firstElementChild?.remove();
}
