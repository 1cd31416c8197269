// The assembled site on a static host of the test's own: in any folder, replaced by a new version, or gone.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { atEnd } from './ending.mjs';
import { DIST } from './places.mjs';

/** @import { Scope } from './ending.mjs' */

export const TYPES = /** @type {Record<string, string>} */ ({
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
});

/** @param {string | Buffer} bytes */
const integrity = (bytes) => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;

export class StaticSite {
  /** What is served in place of the assembled file. @type {Map<string, string>} */
  #changed = new Map();
  /** What the host answers outside its folder. @type {Map<string, string>} */
  #root = new Map();
  /** Everything that was asked for, since the test last cleared it. @type {string[]} */
  asked = [];
  /** @type {import('node:http').Server | null} */
  #server = null;
  #port = 0;
  #folder;

  /** @param {string} folder With a slash at both ends. */
  constructor(folder) {
    this.#folder = folder;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}${this.#folder}`;
  }

  async start() {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '', 'http://site');
      const path = pathname.startsWith(this.#folder) ? pathname.slice(this.#folder.length) : null;
      this.asked.push(path ?? pathname);
      const bytes =
        this.#root.get(pathname) ?? (path === null ? null : this.read(path || 'index.html'));
      response.setHeader('cache-control', 'no-cache');
      if (bytes === null) {
        response.writeHead(404).end('nothing here');
        return;
      }
      const type = TYPES[extname(path || 'index.html')] ?? 'application/octet-stream';
      response.setHeader('content-type', type);
      response.end(bytes);
    });
    await once(server.listen(this.#port, '127.0.0.1'), 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the site has no port');
    this.#port = address.port;
    this.#server = server;
  }

  async stop() {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /**
   * @param {string} path
   * @returns {string | Buffer | null}
   */
  read(path) {
    const changed = this.#changed.get(path);
    if (changed !== undefined) return changed;
    try {
      return readFileSync(join(DIST, path));
    } catch {
      return null;
    }
  }

  /**
   * Changes one file without a new version, as a host may.
   * @param {string} path
   * @param {string} text
   */
  replace(path, text) {
    this.#changed.set(path, text);
  }

  /**
   * @param {string} pathname From the root of the host.
   * @param {string} text
   */
  replaceRoot(pathname, text) {
    this.#root.set(pathname, text);
  }

  /**
   * Puts a new version in place: one file is changed, and the list says so.
   * @param {string} path
   * @param {(text: string) => string} change
   * @param {{ wrong?: boolean }} [options] `wrong`: the list names another content than is served.
   */
  publish(path, change, { wrong = false } = {}) {
    const text = change(String(this.read(path)));
    const list = JSON.parse(String(this.read('precache.js')).replace(/^[^{]*|;\s*$/g, ''));
    list.files[path] = wrong ? integrity('something else') : integrity(text);
    list.version = createHash('sha256').update(JSON.stringify(list.files)).digest('hex');
    this.#changed.set(path, text);
    this.#changed.set('precache.js', `self.PRECACHE = ${JSON.stringify(list)};`);
  }
}

/**
 * A static site that ends with the test.
 * @param {Scope} t
 * @param {{ folder?: string, relays?: string[] }} [options] `relays`: what its `rookery.json` names.
 */
export async function startSite(t, { folder = '/', relays } = {}) {
  const site = new StaticSite(folder);
  if (relays) site.replace('rookery.json', JSON.stringify({ relays }));
  await site.start();
  atEnd(t, () => site.stop());
  return site;
}
