// Devices that sleep: a page that its browser froze, and a browser whose processes get no time at all.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { FLAGS, startBrowser } from './browser.mjs';
import { atEnd } from './ending.mjs';
import { CHROMIUM } from './places.mjs';
import { Player } from './player.mjs';

/**
 * @import { Page } from 'playwright-core'
 * @import { Scope } from './ending.mjs'
 */

/**
 * Each process with its parent, of those that live now.
 *
 * @returns {Map<number, number>}
 */
function parents() {
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name in brackets may hold anything.
      const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      found.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** @param {number} root */
function below(root) {
  const all = parents();
  const found = new Set([root]);
  let before = 0;
  while (before < found.size) {
    before = found.size;
    for (const [pid, parent] of all) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return found;
}

/** @param {Iterable<number>} pids @param {NodeJS.Signals} signal */
function signalAll(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

/**
 * A browser all of whose processes can be stopped and let go on: that is what a device's sleep is to them.
 *
 * @param {Scope} t
 */
export async function startSleeper(t) {
  const others = below(process.pid);
  const browser = await startBrowser(t);
  const own = () => [...below(process.pid)].filter((pid) => !others.has(pid));
  // Those of other programs that the test starts later are not the browser's.
  const roots = own();
  const mine = () => [...new Set(roots.flatMap((root) => [root, ...below(root)]))];
  /** @type {number[]} */
  let asleep = [];
  const wake = () => signalAll(asleep.splice(0).reverse(), 'SIGCONT');
  // What sleeps cannot be closed.
  atEnd(t, async () => wake());
  return {
    browser,
    sleep() {
      asleep = mine();
      signalAll(asleep, 'SIGSTOP');
    },
    wake,
  };
}

/**
 * A person whose page the browser can freeze, as it does with one that nobody has looked at for long. Playwright tells the pages of its own contexts
 * that they are always looked at, so this is a browser that it was not asked to start.
 *
 * @param {Scope} t
 * @param {string} name
 */
export async function startFreezer(t, name) {
  const profile = mkdtempSync(join(tmpdir(), 'rookery-freezer-'));
  const flags = [...FLAGS, '--headless=new', '--remote-debugging-port=0'];
  const child = spawn(CHROMIUM, [...flags, `--user-data-dir=${profile}`, 'about:blank']);
  const closed = once(child, 'close');
  atEnd(t, async () => {
    child.kill('SIGKILL');
    await closed;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  const address = await new Promise((/** @type {(address: string) => void} */ resolve, reject) => {
    let said = '';
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
      said += chunk;
      const found = /listening on (ws:\S+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    closed.then(() => reject(new Error(`Chromium did not start:\n${said}`)), reject);
  });
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  atEnd(t, () => browser.close());
  const page = await browser.contexts()[0]?.newPage();
  if (!page) throw new Error('Chromium has no window');
  /** @type {Page | null} */
  let other = null;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Browser.setDownloadBehavior', { behavior: 'deny' });
  await page.addInitScript(() => {
    const kept = /** @type {typeof globalThis & { lived: string[] }} */ (globalThis);
    kept.lived = [];
    for (const event of ['freeze', 'resume']) {
      document.addEventListener(event, () => kept.lived.push(event));
    }
  });
  return {
    player: new Player(name, page, false),
    /** Another tab is looked at, and this one frozen. */
    freeze: async () => {
      other = await page.context().newPage();
      await other.bringToFront();
      await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
    },
    /** Somebody looks at it again. */
    thaw: async () => {
      await devtools.send('Page.setWebLifecycleState', { state: 'active' });
      await page.bringToFront();
      await other?.close();
    },
    /** What the page was told of it. */
    lived: () =>
      page.evaluate(
        () => /** @type {typeof globalThis & { lived: string[] }} */ (globalThis).lived,
      ),
  };
}
