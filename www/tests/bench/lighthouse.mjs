// Lighthouse's phone profile over the start page, and what a first visit downloads. Lighthouse is none of the page's packages:
// `npm install --prefix FOLDER --ignore-scripts lighthouse@12.8.2`, then `node www/tests/bench/lighthouse.mjs FOLDER RUNS`.
// The site is served as a host with brotli would; Lighthouse imagines the slow phone and its network.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadavg } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { CHROMIUM, DIST } from '../harness/places.mjs';
import { TYPES } from '../harness/static-site.mjs';

const [folder = '', runs = '5'] = process.argv.slice(2);
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const METRICS = [
  'first-contentful-paint',
  'largest-contentful-paint',
  'total-blocking-time',
  'cumulative-layout-shift',
];

// Compressed beforehand, as a host would: nobody waits for it.
/** @type {Map<string, Buffer>} */
const compressed = new Map();
for (const path of readdirSync(DIST, { recursive: true, encoding: 'utf8' })) {
  if (TYPES[extname(path)])
    compressed.set(path, brotliCompressSync(readFileSync(join(DIST, path))));
}
/** @type {Map<string, number>} */
const sent = new Map();
const server = createServer((request, response) => {
  const path = new URL(request.url ?? '', 'http://site').pathname.slice(1) || 'index.html';
  const bytes = compressed.get(path);
  if (!bytes) {
    response.writeHead(404).end();
    return;
  }
  sent.set(path, bytes.length);
  response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
  response.setHeader('content-encoding', 'br');
  response.setHeader('cache-control', 'no-cache');
  response.end(bytes);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}/`;

/** @param {string} path */
const load = (path) => import(pathToFileURL(resolve(folder, 'node_modules', path)).href);
const { default: lighthouse } = await load('lighthouse/core/index.js');
const { launch } = await load('chrome-launcher/dist/index.js');
/** @type {Record<string, number[]>} */
const found = {};
for (let run = 0; run < Number(runs); run += 1) {
  const chrome = await launch({
    chromePath: CHROMIUM,
    chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu'],
  });
  const { lhr } = await lighthouse(url, {
    port: chrome.port,
    output: 'json',
    logLevel: 'error',
    onlyCategories: CATEGORIES,
  });
  chrome.kill();
  if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
  for (const name of CATEGORIES) {
    (found[name] ??= []).push(Math.round(lhr.categories[name].score * 100));
  }
  for (const name of METRICS) (found[name] ??= []).push(lhr.audits[name].numericValue);
  for (const { id, score, title } of Object.values(lhr.audits)) {
    if (run === 0 && score !== null && score < 0.9) console.error(`${id}: ${score} (${title})`);
  }
}
for (const [name, values] of Object.entries(found)) {
  const [low, middle, high] = [0, 0.5, 1].map(
    (at) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * at)],
  );
  console.log(`${name}: ${middle} (${low} to ${high})`);
}
console.log(`load of the machine: ${loadavg()[0]?.toFixed(1)}`);

// What a first visit downloads without the service worker: the page, and the peer once it has been left alone for a while.
sent.clear();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
const context = await browser.newContext({ serviceWorkers: 'block' });
const page = await context.newPage();
await page.goto(url, { waitUntil: 'load' });
const first = new Set(sent.keys());
await page.waitForResponse(/peer_bg\.wasm$/);
await page.waitForLoadState('networkidle');
await browser.close();
const sum = (/** @type {(path: string) => boolean} */ which) =>
  [...sent].filter(([path]) => which(path)).reduce((total, [, bytes]) => total + bytes, 0);
const later = (/** @type {string} */ path) => !first.has(path);
console.log(`first visit: ${sum((path) => first.has(path))} bytes brotli in ${first.size} files`);
console.log(`when it is left alone: ${sum(later)} bytes brotli in ${sent.size - first.size} files`);
server.close();
server.closeAllConnections();
