// Draws the icons that devices want as PNG from the two drawings in `www/icons/`, into the same folder.
// `node www/tests/icons.mjs`, after a drawing was changed.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM } from './harness/places.mjs';

const FOLDER = new URL('../icons/', import.meta.url);

const ICONS = [
  { drawing: 'rook.svg', icon: 'rook-192.png', size: 192 },
  { drawing: 'rook.svg', icon: 'rook-512.png', size: 512 },
  { drawing: 'rook-maskable.svg', icon: 'rook-maskable-192.png', size: 192 },
  { drawing: 'rook-maskable.svg', icon: 'rook-maskable-512.png', size: 512 },
  // Which cuts its own corners.
  { drawing: 'rook-maskable.svg', icon: 'apple-touch-icon.png', size: 180 },
];

const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const page = await browser.newPage();
for (const { drawing, icon, size } of ICONS) {
  const picture = readFileSync(new URL(drawing, FOLDER), 'base64');
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>body { margin: 0 } img { display: block }</style>
     <img width="${size}" height="${size}" src="data:image/svg+xml;base64,${picture}">`,
  );
  await page.screenshot({ path: fileURLToPath(new URL(icon, FOLDER)), omitBackground: true });
}
await browser.close();
