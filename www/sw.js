// The service worker: keeps one whole version of the page on the device, so that it opens and plays without a network.
// A new version is fetched whole beside the old one and takes over only when the page says so, or when no tab is left.
// Nothing that a relay answers is kept.

/**
 * @typedef {object} Precache
 * @property {string} version
 * @property {Record<string, string>} files Paths from the worker's folder, each with the hash of its contents, as in
 *   `integrity`.
 */

const worker = /** @type {ServiceWorkerGlobalScope & { PRECACHE: Precache }} */ (
  /** @type {unknown} */ (globalThis)
);

// Written when the site is assembled.
worker.importScripts('./precache.js');
const { version, files } = worker.PRECACHE;

const scope = new URL('./', worker.location.href);
/** One host may hold several pages, each in a folder of its own. */
const FAMILY = `rookery ${scope.pathname} `;
const CACHE = FAMILY + version;
/** Where a cache keeps its own list, under an address that no file has. */
const LIST = new URL('./precache.json?kept', scope).href;
/** Which relays the site names: a host changes it without a new version. */
const RELAYS = 'rookery.json';
const INDEX = 'index.html';

/** How many files are fetched at a time. */
const LANES = 6;
/** How long a file that should be fresh is waited for, in ms. */
const FRESH_MS = 3000;
/** How long another tab may take to say whether it plays, in ms. */
const ANSWER_MS = 1500;

/** @param {string} path */
const address = (path) => new URL(path === INDEX ? './' : path, scope).href;

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));

worker.addEventListener('fetch', (event) => {
  const path = pathOf(event.request);
  if (path === RELAYS) event.respondWith(fresh(event.request));
  else if (path !== null && Object.hasOwn(files, path))
    event.respondWith(kept(path, event.request));
});

worker.addEventListener('message', (event) => {
  if (event.data !== 'take-over') return;
  const source = /** @type {WindowClient | null} */ (event.source);
  event.waitUntil(takeOver(source?.id ?? '', event.ports[0]));
});

/** Fetches what is missing; what an older version has with the same contents is taken from there. */
async function install() {
  const cache = await caches.open(CACHE);
  const known = await knownFiles();
  const waiting = Object.entries(files);
  const lane = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [path, integrity] = next;
      const key = address(path);
      // An install that was cut off goes on where it was.
      if (await cache.match(key)) continue;
      const same = known.get(integrity);
      const before = same && (await (await caches.open(same.cache)).match(same.key));
      await cache.put(key, before ?? (await fetchWhole(key, integrity)));
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
    await cache.put(LIST, new Response(JSON.stringify(files)));
    await fetchRelays(cache, new Request(address(RELAYS))).catch(() => {});
  } catch (error) {
    // Half a version is of no use to a device that has no room for the whole.
    if (error instanceof DOMException && error.name === 'QuotaExceededError') {
      await caches.delete(CACHE);
    }
    throw error;
  }
}

/**
 * Past the browser's own cache, behind what the page itself fetches, and refused where it is not what the list says: a site that is being replaced right now
 * hands out files of both versions.
 *
 * @param {string} key
 * @param {string} integrity
 */
async function fetchWhole(key, integrity) {
  const answer = await fetch(key, { cache: 'no-cache', integrity, priority: 'low' });
  if (!answer.ok) throw new Error(`${key} answered ${answer.status}`);
  // A page may not be opened with an answer that was redirected.
  if (!answer.redirected) return answer;
  return new Response(await answer.blob(), { headers: answer.headers });
}

/**
 * The files of the older versions on this device, by their hashes.
 *
 * @returns {Promise<Map<string, { cache: string, key: string }>>}
 */
async function knownFiles() {
  const known = new Map();
  for (const name of await caches.keys()) {
    if (!isOlder(name)) continue;
    const list = await (await caches.open(name)).match(LIST);
    if (!list) continue;
    const older = /** @type {Precache['files']} */ (await list.json());
    for (const [path, hash] of Object.entries(older)) {
      known.set(hash, { cache: name, key: address(path) });
    }
  }
  return known;
}

/** @param {string} cache */
const isOlder = (cache) => cache.startsWith(FAMILY) && cache !== CACHE;

async function activate() {
  const older = (await caches.keys()).filter(isOlder);
  await Promise.all(older.map((name) => caches.delete(name)));
  // The page that was open before the first worker plays on without a network too.
  await worker.clients.claim();
}

/**
 * The file that a request is for.
 *
 * @param {Request} request
 * @returns {string | null} Null for what is none of the page: it goes to the network as if there were no worker.
 */
function pathOf({ method, url, mode, headers }) {
  if (method !== 'GET' || headers.has('range')) return null;
  const { origin, pathname, search } = new URL(url);
  if (origin !== scope.origin || !pathname.startsWith(scope.pathname)) return null;
  const path = pathname.slice(scope.pathname.length);
  // The page reads its query itself, such as `?transport=ws`.
  if (mode === 'navigate') return path === '' || path === INDEX ? INDEX : null;
  return search === '' ? path : null;
}

/**
 * @param {string} path
 * @param {Request} request
 */
async function kept(path, request) {
  const answer = await caches.match(address(path), { cacheName: CACHE }).catch(() => undefined);
  // A browser may throw away what it kept.
  return answer ?? fetch(request);
}

/** @param {Request} request */
async function fresh(request) {
  const cache = await caches.open(CACHE);
  try {
    return await fetchRelays(cache, request);
  } catch {
    return (await cache.match(address(RELAYS))) ?? Response.error();
  }
}

/**
 * @param {Cache} cache
 * @param {Request} request
 */
async function fetchRelays(cache, request) {
  const signal = AbortSignal.timeout(FRESH_MS);
  const answer = await fetch(request, { cache: 'no-cache', signal });
  // The page that asks for a password in a hotel answers too.
  if (answer.ok) await answer.clone().json();
  else if (answer.status >= 500) throw new Error(`the site answered ${answer.status}`);
  if (answer.ok) await cache.put(address(RELAYS), answer.clone());
  return answer;
}

/**
 * A page asks this version to take over from the one before. It does, unless another tab plays: that one would go on with
 * half of each.
 *
 * @param {string} asking
 * @param {MessagePort | undefined} port
 */
async function takeOver(asking, port) {
  const clients = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const others = clients.filter(({ id, url }) => id !== asking && isOurs(url));
  const answers = await Promise.all(others.map(isBusy));
  const busy = answers.includes(true);
  port?.postMessage(busy ? 'busy' : 'taken');
  if (!busy) await worker.skipWaiting();
}

/** @param {string} url */
function isOurs(url) {
  const { origin, pathname } = new URL(url);
  return (
    origin === scope.origin &&
    (pathname === scope.pathname || pathname === `${scope.pathname}${INDEX}`)
  );
}

/**
 * @param {Client} client
 * @returns {Promise<boolean>} True also for a tab that does not answer: it may be frozen in the middle of a game.
 */
function isBusy(client) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(true), ANSWER_MS);
    port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data !== 'free');
    };
    client.postMessage('are-you-busy', [port2]);
  });
}
