// Every screen, on a phone and on a desktop, light and dark, passes axe-core, is no wider than the window, shows the
// current move in its list, and on a phone has nothing to press that is smaller than a finger.

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
      const { violations, width, hidden, small } = await player.page.evaluate(async (rules) => {
        const { axe } = /** @type {typeof globalThis & { axe: any }} */ (globalThis);
        /** @type {AxeResults} */
        const results = await axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
        const list = document.querySelector('.moves-box')?.getBoundingClientRect();
        const move = document.querySelector('.move[aria-current="step"]')?.getBoundingClientRect();
        const targets = document.querySelectorAll(
          'button:not(.skip), .button, .brand, summary, .choice, .switch, input:not([type=radio], [type=checkbox])',
        );
        const small = [...targets].flatMap((target) => {
          const { width, height } = target.getBoundingClientRect();
          const shown = width > 0 && height > 0;
          return shown && Math.min(width, height) < 43.9
            ? [`${target.outerHTML.slice(0, 80)} is ${Math.round(width)} by ${Math.round(height)}`]
            : [];
        });
        return {
          small,
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
      if (view.viewport.width < 500) found.push(...small.map((what) => `${place}: ${what}`));
      if (hidden) found.push(`${place}: the current move is out of sight`);
      if (width > view.viewport.width) found.push(`${place}: ${width} px wide`);
    }
  });
  assert.equal(looked, 26 * VIEWS.length);
  assert.deepEqual(found, []);
});
