// Takes a picture of every screen, on a phone and on a desktop, light and dark, into target/screenshots/, and keeps the best of
// them in docs/screenshots/. `node www/tests/screenshots.mjs`, when site and relay are built.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchScope } from './bench/scope.mjs';
import { startBrowser } from './harness/browser.mjs';
import { README_PICTURE, SCREENSHOTS } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { showAs, tour, VIEWS } from './harness/tour.mjs';

/** Those that are kept, beside the picture of the README. */
const BEST = [
  'home-desktop-light',
  'premoves-desktop-dark',
  'over-phone-light',
  'create-phone-dark',
  'listening-phone-light',
  'watch-phone-dark',
  'games-desktop-light',
];

const scope = new BenchScope('screenshots');
try {
  const relay = await startRelay(scope);
  const browser = await startBrowser(scope);
  await tour(browser, relay, async (screen, player) => {
    for (const view of VIEWS) {
      await showAs(player, view);
      await player.picture(`${screen}-${view.name}`);
    }
  });
  for (const name of BEST) {
    copyFileSync(join(SCREENSHOTS, `${name}.png`), join(README_PICTURE, '..', `${name}.png`));
  }
  console.log(`The pictures are in ${SCREENSHOTS}`);
} finally {
  await scope.end();
}
