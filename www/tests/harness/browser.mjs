// Real Chromium, and in it players: each a browser context of its own with one page.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { atEnd } from './ending.mjs';
import { CHROMIUM, SCREENSHOTS, slug } from './places.mjs';
import { Player } from './player.mjs';

/**
 * @import { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
 * @import { Scope } from './ending.mjs'
 */

/**
 * @typedef {object} PlayerOptions
 * @property {boolean} [phone] A small touch screen. Default: a desktop.
 * @property {boolean} [motion] Pieces glide. Default: they are where they go.
 * @property {boolean} [dark] Prefers dark colours. Default: light.
 * @property {boolean} [workers] Service workers: the page is kept on the device. Default: not, for it takes its time.
 */

/** This machine by a name that is not this machine's own. */
export const LAN_NAME = 'school.lan';

/** No sandbox, because tests may run as root; the rest keeps Chromium from talking to anyone but the test. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name like one on a local network: what comes from there by plain http is no secure context.
  `--host-resolver-rules=MAP ${LAN_NAME} 127.0.0.1`,
];

const LAUNCH = { executablePath: CHROMIUM, headless: true, args: FLAGS };

/** @type {BrowserContextOptions} */
const DESKTOP = { viewport: { width: 1280, height: 800 } };
/** @type {BrowserContextOptions} */
const PHONE = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

/** One browser process for one test. */
export class TestBrowser {
  #browser;
  #test;
  /** @type {Player[]} */
  #players = [];
  /** @type {BrowserContext[]} */
  #residents = [];

  /**
   * @param {Browser} browser
   * @param {Scope} test
   */
  constructor(browser, test) {
    this.#browser = browser;
    this.#test = test;
  }

  /**
   * A new person: nothing stored, nothing open.
   * @param {string} name
   * @param {PlayerOptions} [options]
   */
  async player(name, { phone = false, motion = false, dark = false, workers = false } = {}) {
    const context = await this.#browser.newContext({
      ...(phone ? PHONE : DESKTOP),
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: motion ? 'no-preference' : 'reduce',
      acceptDownloads: true,
      serviceWorkers: workers ? 'allow' : 'block',
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    return this.#add(new Player(name, await context.newPage(), phone));
  }

  /**
   * The same person in one more tab.
   * @param {Player} player
   * @param {string} name
   */
  async tab(player, name) {
    return this.#add(new Player(name, await player.page.context().newPage(), false));
  }

  /**
   * A person whose browser keeps what it stores in a folder, so that it can be closed and opened again.
   * @param {string} name
   * @param {string} profile
   */
  async resident(name, profile) {
    const context = await chromium.launchPersistentContext(profile, {
      ...LAUNCH,
      ...DESKTOP,
      reducedMotion: 'reduce',
      acceptDownloads: true,
      serviceWorkers: 'block',
    });
    this.#residents.push(context);
    return this.#add(new Player(name, context.pages()[0] ?? (await context.newPage()), false));
  }

  /** @param {Player} player */
  #add(player) {
    this.#players.push(player);
    return player;
  }

  /** Closes everything; fails if a page had an error that nobody expected. */
  async end() {
    const folder = join(SCREENSHOTS, 'last', slug(this.#test.name));
    mkdirSync(folder, { recursive: true });
    for (const { name, page } of this.#players) {
      // What each saw last, for whoever reads a failure. A page that crashed has nothing to show.
      await page.screenshot({ path: join(folder, `${slug(name)}.png`) }).catch(() => {});
    }
    await Promise.all([this.#browser, ...this.#residents].map((opened) => opened.close()));
    const errors = this.#players.flatMap((player) =>
      player.unexpectedErrors().map((error) => `${player.name}: ${error}`),
    );
    // After a failed test an error thrown here is not shown.
    for (const error of errors) this.#test.diagnostic(error);
    if (errors.length > 0) throw new Error(`errors in the browser:\n${errors.join('\n')}`);
  }
}

/**
 * A browser that ends with the test. Start it after the relay, or the end of the relay is an error in the pages.
 * @param {Scope} t
 * @param {string} [program] Another one than the machine's Chromium.
 */
export async function startBrowser(t, program = CHROMIUM) {
  const launch = { ...LAUNCH, executablePath: program };
  // On a machine under load the browser itself has been seen to crash before it had opened anything; no page was in it.
  const launched = await chromium.launch(launch).catch(() => chromium.launch(launch));
  const browser = new TestBrowser(launched, t);
  atEnd(t, () => browser.end());
  return browser;
}
