// Every screen, on a phone and on a desktop, light and dark, passes axe-core, is no wider than the window, and shows the
// current move in its list.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { startBrowser } from './harness/browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { showAs, tour, VIEWS } from './harness/tour.mjs';

/** @import { AxeResults } from 'axe-core' */

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

test('every screen is accessible and fits its window', async (t) => {
  const relay = await startRelay(t);
  const browser = await startBrowser(t);
  /** @type {string[]} */
  const found = [];
  let looked = 0;
  await tour(browser, relay, async (screen, player) => {
    await player.page.evaluate(AXE);
    for (const view of VIEWS) {
      await showAs(player, view);
      looked += 1;
      const { violations, width, hidden } = await player.page.evaluate(async (rules) => {
        const { axe } = /** @type {typeof globalThis & { axe: any }} */ (globalThis);
        /** @type {AxeResults} */
        const results = await axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
        const list = document.querySelector('.moves-box')?.getBoundingClientRect();
        const move = document.querySelector('.move[aria-current="step"]')?.getBoundingClientRect();
        return {
          hidden:
            list &&
            move &&
            // A list scrolls by whole pixels, and a move may end within one.
            Math.max(
              list.left - move.left,
              move.right - list.right,
              list.top - move.top,
              move.bottom - list.bottom,
            ) >= 1,
          violations: results.violations.map(({ id, nodes }) => ({
            id,
            where: nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)),
          })),
          width: document.documentElement.scrollWidth,
        };
      }, RULES);
      const place = `${screen} (${view.name})`;
      for (const { id, where } of violations) found.push(`${place}: ${id}: ${where.join(' and ')}`);
      if (hidden) found.push(`${place}: the current move is out of sight`);
      if (width > view.viewport.width) found.push(`${place}: ${width} px wide`);
    }
  });
  assert.equal(looked, 23 * VIEWS.length);
  assert.deepEqual(found, []);
});
