// Takes a picture of every screen, on a phone and on a desktop, light and dark, into target/screenshots/.
// `node www/tests/screenshots.mjs`, when site and relay are built.

import { BenchScope } from './bench/scope.mjs';
import { startBrowser } from './harness/browser.mjs';
import { SCREENSHOTS } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { showAs, tour, VIEWS } from './harness/tour.mjs';

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
  console.log(`The pictures are in ${SCREENSHOTS}`);
} finally {
  await scope.end();
}
