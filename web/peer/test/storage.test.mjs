// Storage and the writing tab, in real Chromium: two tabs of one origin share what they share there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const MODULES = new URL('../js/', import.meta.url);
const require = createRequire(new URL('../../../www/package.json', import.meta.url));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
];
const skip = existsSync(CHROMIUM) ? false : 'there is no Chromium at CHROMIUM or /usr/bin/chromium';

const server = createServer((request, response) => {
  const name = (request.url ?? '/').slice(1);
  if (/^[a-z-]+\.js$/.test(name)) {
    response.setHeader('content-type', 'text/javascript');
    response.end(readFileSync(new URL(name, MODULES)));
  } else {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>test</title>');
  }
});
/** @type {import('playwright-core').Browser} */
let browser;
let origin = '';

before(async () => {
  if (skip) return;
  const { chromium } = /** @type {typeof import('playwright-core')} */ (require('playwright-core'));
  browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  origin = `http://127.0.0.1:${port}/`;
});

after(async () => {
  await browser?.close();
  server.close();
});

/** Runs in a tab. */
const setUp = async () => {
  const at = (/** @type {string} */ name) => import(`/${name}.js`);
  const page = /** @type {any} */ (window);
  page.store = await (await at('store')).Store.open('test');
  page.claim = (await at('writer')).claimWriter;
  page.bytes = (/** @type {number[]} */ ...list) => new Uint8Array(list);
  page.put = (/** @type {object} */ what) =>
    page.store.put({
      notes: null,
      items: [],
      relay: null,
      strict: true,
      holder: null,
      ...what,
    });
};

/**
 * Tabs of one person, each with a store as `window.store`.
 *
 * @param {number} count
 * @returns {Promise<any[]>}
 */
async function tabs(count) {
  const context = await browser.newContext();
  return Promise.all(
    Array.from({ length: count }, async () => {
      const tab = /** @type {any} */ (await context.newPage());
      await tab.goto(origin);
      await tab.evaluate(setUp);
      return tab;
    }),
  );
}

test('two tabs that start at once share one secret key, which stays', { skip }, async () => {
  const [a, b] = await tabs(2);
  const secret = () =>
    /** @type {any} */ (window).store.secret().then((/** @type {any} */ s) => [...s]);
  const [first, second] = await Promise.all([a.evaluate(secret), b.evaluate(secret)]);
  assert.equal(first.length, 32);
  assert.ok(first.some((/** @type {number} */ byte) => byte !== 0));
  assert.deepEqual(second, first);
  await a.reload();
  assert.deepEqual(await b.evaluate(secret), first);
});

test('items of a game come back in their order, and a removed game is gone', { skip }, async () => {
  const [tab] = await tabs(1);
  const kept = await tab.evaluate(async () => {
    const { store, put, bytes } = /** @type {any} */ (window);
    await put({ id: 'a', notes: bytes(9), items: [bytes(1, 2), bytes(3)], relay: '/r' });
    await put({ id: 'b', notes: bytes(8), items: [bytes(7)] });
    await put({ id: 'a', items: [bytes(4)], strict: false });
    await store.summarize('a', { ply: 3 });
    await store.summarize('nobody', { ply: 3 });
    const { game, items } = await store.game('a');
    await store.remove('b');
    return {
      items: [...items],
      notes: [...game.notes],
      relay: game.relay,
      summary: game.summary,
      rest: (await store.games()).map((/** @type {any} */ game) => game.id),
      gone: await store.game('b'),
    };
  });
  assert.deepEqual(kept, {
    items: [1, 2, 3, 4],
    notes: [9],
    relay: '/r',
    summary: { ply: 3 },
    rest: ['a'],
    gone: null,
  });
});

test(
  'own records are written with strict durability, and a write that fails keeps nothing',
  { skip },
  async () => {
    const [tab] = await tabs(1);
    const seen = await tab.evaluate(async () => {
      const { store, put, bytes } = /** @type {any} */ (window);
      /** @type {(string | undefined)[]} */
      const durabilities = [];
      const { transaction } = IDBDatabase.prototype;
      IDBDatabase.prototype.transaction = function (stores, mode, options) {
        if (mode === 'readwrite') durabilities.push(options?.durability);
        return transaction.call(this, stores, mode, options);
      };
      await put({ id: 'a', notes: bytes(1), items: [bytes(1)] });
      const { add } = IDBObjectStore.prototype;
      let left = 1;
      IDBObjectStore.prototype.add = function (...args) {
        if (left-- > 0) return add.apply(this, args);
        throw new DOMException('full', 'QuotaExceededError');
      };
      const failure = await put({ id: 'a', items: [bytes(2), bytes(3)] }).catch(
        (/** @type {any} */ error) => error,
      );
      IDBObjectStore.prototype.add = add;
      const { items } = await store.game('a');
      return { durabilities, code: failure.code, name: failure.name, items: [...items] };
    });
    assert.deepEqual(seen, {
      durabilities: ['strict', 'strict'],
      code: 'storage',
      name: 'PeerError',
      items: [1],
    });
  },
);

test(
  'a lease is held by one tab, refuses the writes of another, and passes on when it ends',
  { skip },
  async () => {
    const [a, b] = await tabs(2);
    const claim = async () => {
      const page = /** @type {any} */ (window);
      page.changes = [];
      const onChange = (/** @type {boolean} */ held) => page.changes.push(held);
      page.writer = await page.claim({ name: 'x', store: page.store, onChange });
      return page.writer.held;
    };
    assert.equal(await a.evaluate(claim), true);
    assert.equal(await b.evaluate(claim), false);
    const write = () => {
      const { put, bytes, writer } = /** @type {any} */ (window);
      const what = { id: 'a', notes: bytes(1), items: [bytes(1)], holder: writer.holder };
      return put(what).then(
        () => 'stored',
        (/** @type {any} */ error) => error.code,
      );
    };
    assert.equal(await a.evaluate(write), 'stored');
    assert.equal(await b.evaluate(write), 'read-only-tab');
    // The same tab, loaded again, goes on at once.
    await a.reload();
    await a.evaluate(setUp);
    assert.equal(await a.evaluate(claim), true);
    await a.close();
    await b.waitForFunction(() => /** @type {any} */ (window).writer.held);
    assert.deepEqual(await b.evaluate(() => /** @type {any} */ (window).changes), [true]);
    assert.equal(await b.evaluate(write), 'stored');
  },
);

test(
  'a lease that a frozen tab did not renew is taken over, and the frozen tab learns it',
  { skip },
  async () => {
    const [a, b] = await tabs(2);
    const lease = (/** @type {[string, number]} */ [holder, ms]) =>
      /** @type {any} */ (window).store.lease(holder, ms);
    assert.equal(await a.evaluate(lease, ['a', 1_500]), true);
    assert.equal(await b.evaluate(lease, ['b', 60_000]), false);
    await b.evaluate(async () => {
      const { store } = /** @type {any} */ (window);
      while (!(await store.lease('b', 60_000)));
    });
    assert.equal(await a.evaluate(lease, ['a', 60_000]), false);
    // A clock that was set back must not keep everybody out.
    assert.equal(await a.evaluate(lease, ['a', 1_000]), true);
  },
);

test(
  'with Web Locks the second tab waits, and writes when the first is gone',
  { skip },
  async () => {
    const [a, b] = await tabs(2);
    const claim = async () => {
      const page = /** @type {any} */ (window);
      const onChange = (/** @type {boolean} */ held) => (page.told = held);
      const locks = navigator.locks;
      page.writer = await page.claim({ name: 'x', store: page.store, locks, onChange });
      return [page.writer.held, page.writer.holder];
    };
    assert.deepEqual(await a.evaluate(claim), [true, null]);
    assert.deepEqual(await b.evaluate(claim), [false, null]);
    await a.close();
    await b.waitForFunction(() => /** @type {any} */ (window).told === true);
    assert.equal(await b.evaluate(() => /** @type {any} */ (window).writer.held), true);
  },
);
