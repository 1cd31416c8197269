// Makes docs/screenshots/game.webp: one game as its two players see it, on a desktop in light and dark, and on a phone.
// `node www/tests/readme-picture.mjs`, when site and relay are built.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BenchScope } from './bench/scope.mjs';
import { startBrowser } from './harness/browser.mjs';
import { README_PICTURE } from './harness/places.mjs';
import { startRelay } from './harness/relay.mjs';
import { playOut, startGame } from './harness/table.mjs';
import { GAME, showAs, VIEWS } from './harness/tour.mjs';

/** @import { Player } from './harness/player.mjs' */

/**
 * @param {Pick<Player, 'page'>} player
 * @returns {Promise<string>} The screen as the address of an image.
 */
const shot = async ({ page }) =>
  `data:image/png;base64,${(await page.screenshot()).toString('base64')}`;

const PAGE = `
  <style>
    body { margin: 0; width: 1400px; height: 850px; position: relative; background: #cfd8da; }
    img { position: absolute; border-radius: 12px; box-shadow: 0 18px 48px rgb(12 24 32 / 0.35); }
    .light { left: 40px; top: 40px; width: 880px; }
    .dark { right: 40px; bottom: 40px; width: 860px; }
    .phone { right: 92px; bottom: 24px; width: 264px; border-radius: 24px; border: 6px solid #45545c; }
  </style>`;

const scope = new BenchScope('readme picture');
try {
  const relay = await startRelay(scope);
  const browser = await startBrowser(scope);
  const white = await browser.player('white');
  const black = await browser.player('black', { phone: true });
  await startGame(white, black, relay.url, { time: '5 + 3' });
  await playOut({ white, black }, GAME);
  const shots = /** @type {Record<string, string>} */ ({ phone: await shot(black) });
  for (const view of VIEWS.filter(({ name }) => name.startsWith('desktop'))) {
    await showAs(white, view);
    shots[view.colorScheme] = await shot(white);
  }
  const { page } = await browser.player('picture');
  await page.setViewportSize({ width: 1400, height: 850 });
  const images = ['dark', 'light', 'phone'].map(
    (name) => `<img class="${name}" src="${shots[name]}">`,
  );
  await page.setContent(PAGE + images.join(''));
  await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
  mkdirSync(dirname(README_PICTURE), { recursive: true });
  const picture = await page.evaluate(
    async (png) => {
      const image = new Image();
      image.src = png;
      await image.decode();
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', 0.85).split(',', 2)[1] ?? '';
    },
    await shot({ page }),
  );
  writeFileSync(README_PICTURE, Buffer.from(picture, 'base64'));
  console.log(`The picture is ${README_PICTURE}`);
} finally {
  await scope.end();
}
