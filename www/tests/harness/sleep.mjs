// A device that sleeps: its page is frozen by the browser, or its whole browser is stopped, as a closed lid does.

import { readdirSync, readFileSync } from 'node:fs';

/** @import { Player } from './player.mjs' */

/** How long a device sleeps, in ms: longer than a relay may be silent. 60,000 is longer than a relay keeps a silent stream. */
export const SLEEP_MS = Number(process.env.ROOKERY_SLEEP_MS ?? 6000);

/** @param {number} [ms] */
export const pass = (ms = SLEEP_MS) => new Promise((done) => setTimeout(done, ms));

/**
 * The browser freezes the page, as phones do in the background.
 *
 * @param {Player} person
 * @returns {Promise<() => Promise<void>>} Wakes it.
 */
export async function freeze({ page }) {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  return async () => {
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await session.detach();
  };
}

/** Every process with its parent. */
function parents() {
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      found.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** What this process itself started. */
const children = () =>
  [...parents()].filter(([, parent]) => parent === process.pid).map(([pid]) => pid);

/**
 * Processes, and those that they started.
 *
 * @param {Iterable<number>} of
 */
function family(of) {
  const all = parents();
  const found = new Set(of);
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of all) if (found.has(parent)) found.add(pid);
  }
  return found;
}

/**
 * Starts a browser so that it can be stopped as a whole.
 *
 * @template T
 * @param {() => Promise<T>} start
 * @returns {Promise<{ started: T, stop: () => () => void }>} `stop` gives what lets it run again.
 */
export async function stoppable(start) {
  const before = new Set(children());
  const started = await start();
  const roots = children().filter((pid) => !before.has(pid) && isBrowser(pid));
  return {
    started,
    stop() {
      const stopped = [...family(roots)].filter(isBrowser);
      if (stopped.length === 0) throw new Error('no process of the browser was found');
      for (const pid of stopped) process.kill(pid, 'SIGSTOP');
      return () => {
        for (const pid of stopped) process.kill(pid, 'SIGCONT');
      };
    },
  };
}

/** @param {number} pid */
function isBrowser(pid) {
  try {
    return /chrom/i.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false;
  }
}
