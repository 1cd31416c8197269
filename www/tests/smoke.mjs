// The page in another browser than Chromium: it loads, plays the engine, joins a game over WebSocket, and opens without a
// network. `node www/tests/smoke.mjs firefox`, or `xvfb-run node www/tests/smoke.mjs webkit`, when site and relay are built.

import { BenchScope } from './bench/scope.mjs';
import { startBrowser } from './harness/browser.mjs';
import { startFirefox, startWebKit } from './harness/foreign-browser.mjs';
import { startRelay } from './harness/relay.mjs';
import { invite } from './harness/table.mjs';

/** How long anything may take that a person waits for, in ms. */
const PATIENCE_MS = 60_000;

const scope = new BenchScope('smoke');
try {
  const relay = await startRelay(scope);
  const chromium = await startBrowser(scope);
  const white = await chromium.player('white');
  white.expectOutage();
  const browser =
    process.argv[2] === 'webkit' ? await startWebKit(scope) : await startFirefox(scope);

  /**
   * @param {string} what
   * @param {string} condition In the page.
   */
  const until = async (what, condition) => {
    const end = Date.now() + PATIENCE_MS;
    while (!(await browser.ask(condition))) {
      if (Date.now() > end) {
        const seen = await browser.ask('document.body.innerText.slice(0, 400)');
        throw new Error(`${browser.name}: ${what} did not come: ${seen}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    console.log(`${browser.name}: ${what}`);
  };
  const shows = (/** @type {Record<string, string | number>} */ wanted) =>
    Object.entries(wanted)
      .map(([name, value]) => `document.getElementById('app').dataset.${name} === '${value}'`)
      .join(' && ');
  const press = (/** @type {string} */ name) =>
    browser.ask(`(() => {
      const found = [...document.querySelectorAll('button, label')]
        .filter((one) => one.textContent.trim() === ${JSON.stringify(name)});
      if (found.length === 0) throw new Error('there is no ' + ${JSON.stringify(name)});
      found.at(-1).click();
    })()`);
  const type = (/** @type {string} */ move) =>
    browser.ask(`(() => {
      const field = [...document.querySelectorAll('input')]
        .find((one) => one.labels?.[0]?.textContent.trim() === 'Move' || one.ariaLabel === 'Move');
      field.value = ${JSON.stringify(move)};
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.form.requestSubmit();
    })()`);
  const playEngine = async () => {
    await press('Play the computer');
    await until('the form', "document.querySelector('dialog[open]') !== null");
    await press('White');
    await press('Start');
    await until('a game with the engine', shows({ screen: 'game', ply: 0 }));
    await type('e4');
    await until("the engine's answer", shows({ ply: 2 }));
  };

  await browser.open(relay.url);
  await until('the page, connected', shows({ screen: 'home', connection: 'connected' }));
  await playEngine();

  await white.open(relay.url);
  await browser.open(await invite(white, { time: 'Untimed' }));
  await until('an invitation', shows({ screen: 'invitation', connection: 'connected' }));
  await press('Join');
  await until('a game with Chromium', shows({ screen: 'game' }));
  await white.sees({ screen: 'game' });
  await white.play('e2e4');
  // By the relay, or straight from device to device where the two have found each other already.
  await until("Chromium's move", shows({ ply: 1 }));
  console.log(
    `${browser.name}: moves come by ${await browser.ask("document.getElementById('app').dataset.path")}`,
  );
  await type('e5');
  await white.sees({ ply: 2 });

  if (await browser.ask("'serviceWorker' in navigator")) {
    await until(
      'the page kept on the device',
      'navigator.serviceWorker.getRegistration().then((found) => Boolean(found?.active))',
    );
    await relay.stop();
    await browser.open(`${relay.url}?again#/`);
    await until('the page without its host', shows({ screen: 'home' }));
    await playEngine();
  } else console.log(`${browser.name}: no service workers here, so nothing without a network`);
  console.log(`${browser.name}: all well`);
} finally {
  await scope.end();
}
