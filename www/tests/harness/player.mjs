// A person at the page: sees what the page tells the outside, acts by pointer and by accessible names.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCREENSHOTS } from './places.mjs';

/**
 * @import { Page } from 'playwright-core'
 */

/**
 * What `<main id="app">` shows the outside: `data-white-ms` is `whiteMs`, and so on.
 * @typedef {Record<string, string>} Shown
 */

/** How long anything may take that a person waits for, in ms. */
const PATIENCE_MS = 20_000;

const PROMOTIONS = /** @type {Record<string, string>} */ ({
  q: 'Queen',
  r: 'Rook',
  b: 'Bishop',
  n: 'Knight',
});

export class Player {
  /** @type {string[]} */
  #errors = [];
  /** @type {RegExp[]} */
  #expected = [];
  #phone;

  /**
   * @param {string} name
   * @param {Page} page
   * @param {boolean} phone
   */
  constructor(name, page, phone) {
    this.name = name;
    this.page = page;
    this.#phone = phone;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.#errors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        this.#errors.push(`${message.text()} (${message.location().url})`);
      }
    });
  }

  /**
   * Errors that match are part of the test.
   * @param {...RegExp} patterns
   */
  expectErrors(...patterns) {
    this.#expected.push(...patterns);
  }

  /** A page whose relay is down says so in the console for each try; that is Chromium's doing, not the page's. */
  expectOutage() {
    this.expectErrors(/ERR_CONNECTION_(REFUSED|RESET|CLOSED)/, /WebSocket connection to/);
  }

  unexpectedErrors() {
    return this.#errors.filter((error) => !this.#expected.some((pattern) => pattern.test(error)));
  }

  /**
   * Opens an address and waits until the page has drawn.
   * @param {string} url
   */
  async open(url) {
    await this.page.goto(url);
    await this.page.waitForSelector('#app:not([data-screen=loading])');
  }

  /** Loads the page again, as a person would. */
  async reload() {
    await this.page.reload();
    await this.page.waitForSelector('#app:not([data-screen=loading])');
  }

  /** @returns {Promise<Shown>} What the page shows the outside now. */
  shown() {
    return this.page.locator('#app').evaluate((app) => {
      const { dataset } = /** @type {HTMLElement} */ (app);
      return /** @type {Shown} */ ({ ...dataset });
    });
  }

  /**
   * Waits until the page shows all of `wanted`.
   * @param {Record<string, string | number>} wanted
   * @param {number} [patienceMs]
   */
  async sees(wanted, patienceMs = PATIENCE_MS) {
    const texts = Object.entries(wanted).map(([name, value]) => [name, String(value)]);
    try {
      await this.page.waitForFunction(
        (pairs) => {
          const app = document.getElementById('app');
          return pairs.every(([name, value]) => app?.dataset[name ?? ''] === value);
        },
        texts,
        { timeout: patienceMs, polling: 'raf' },
      );
    } catch (error) {
      const shown = JSON.stringify(await this.shown().catch(() => 'nothing'));
      const message = `${this.name} waited for ${JSON.stringify(wanted)} and saw ${shown}`;
      throw new Error(message, { cause: error });
    }
    return this.shown();
  }

  /** Waits until the last move of the game's record is within its list, and not scrolled out of it. */
  async seesLastMove() {
    await this.page.waitForFunction(() => {
      const list = document.querySelector('.moves-box')?.getBoundingClientRect();
      const move = document.querySelector('.moves li:last-child .move')?.getBoundingClientRect();
      return (
        list &&
        move &&
        move.left >= list.left - 1 &&
        move.right <= list.right + 1 &&
        move.top >= list.top - 1 &&
        move.bottom <= list.bottom + 1
      );
    });
  }

  /** The state of the connection as the bar on top says it, in short and in a sentence. */
  async connection() {
    const bar = this.page.locator('.connection');
    return {
      short: await bar.locator('.short').innerText(),
      words: (await bar.locator('.hidden').textContent()) ?? '',
    };
  }

  /**
   * Presses a button by its accessible name.
   * @param {string} name
   */
  async press(name) {
    await this.page.getByRole('button', { name, exact: true }).first().click();
  }

  /**
   * Where the middle of a square is on the screen, in CSS pixels.
   * @param {string} square
   */
  async #middle(square) {
    const board = this.page.locator('#app cg-board');
    await board.scrollIntoViewIfNeeded();
    const box = await board.boundingBox();
    if (!box) throw new Error('there is no board to see');
    const { orientation } = await this.shown();
    const file = 'abcdefgh'.indexOf(square.charAt(0));
    const rank = Number(square.charAt(1)) - 1;
    const [column, row] = orientation === 'black' ? [7 - file, rank] : [file, 7 - rank];
    return {
      x: box.x + ((column + 0.5) * box.width) / 8,
      y: box.y + ((row + 0.5) * box.height) / 8,
    };
  }

  /**
   * Moves a piece with the pointer: drags it, or on a touch screen taps both squares.
   * @param {string} from
   * @param {string} to
   */
  async drag(from, to) {
    const start = await this.#middle(from);
    const end = await this.#middle(to);
    if (this.#phone) {
      await this.page.touchscreen.tap(start.x, start.y);
      await this.page.touchscreen.tap(end.x, end.y);
      return;
    }
    const { mouse } = this.page;
    await mouse.move(start.x, start.y);
    await mouse.down();
    await mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2);
    await mouse.move(end.x, end.y);
    await mouse.up();
  }

  /**
   * Taps or clicks a square once.
   * @param {string} square
   * @param {'left' | 'right'} [button]
   */
  async tap(square, button = 'left') {
    const { x, y } = await this.#middle(square);
    if (this.#phone) await this.page.touchscreen.tap(x, y);
    else await this.page.mouse.click(x, y, { button });
  }

  /**
   * Which piece the board draws on a square, such as `white knight`; empty for none. Pieces at rest only.
   * @param {string} square
   */
  async pieceOn(square) {
    const { x, y } = await this.#middle(square);
    return this.page.locator('cg-board').evaluate((board, [x, y]) => {
      const at = [...board.querySelectorAll('piece')].find((piece) => {
        const box = piece.getBoundingClientRect();
        return (
          Math.abs(box.x + box.width / 2 - x) < box.width / 4 &&
          Math.abs(box.y + box.height / 2 - y) < box.height / 4
        );
      });
      return at ? at.className.replace(/ ?(anim|fading|dragging|ghost)/g, '') : '';
    }, /** @type {[number, number]} */ ([x, y]));
  }

  /**
   * Takes a piece into the hand, by mouse.
   * @param {string} from
   * @param {string} to
   * @returns {Promise<() => Promise<void>>} Drops it on `to`.
   */
  async lift(from, to) {
    const start = await this.#middle(from);
    const end = await this.#middle(to);
    const { mouse } = this.page;
    await mouse.move(start.x, start.y);
    await mouse.down();
    await mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2);
    return async () => {
      await mouse.move(end.x, end.y);
      await mouse.up();
    };
  }

  /**
   * Plays a move by pointer; a promotion is chosen in the dialog.
   * @param {string} uci
   */
  async play(uci) {
    await this.drag(uci.slice(0, 2), uci.slice(2, 4));
    const role = PROMOTIONS[uci.charAt(4)];
    if (role) {
      const dialog = this.page.getByRole('dialog', { name: 'Promote the pawn to' });
      await dialog.getByRole('button', { name: role }).click();
    }
  }

  /**
   * Keeps a picture of the screen under `target/screenshots/`.
   * @param {string} name
   */
  async picture(name) {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  /**
   * What a press on `button` saves to disk.
   * @param {string} button
   */
  async saved(button) {
    const download = this.page.waitForEvent('download');
    await this.press(button);
    const stream = await (await download).createReadStream();
    const chunks = [];
    for await (const chunk of stream) chunks.push(/** @type {Buffer} */ (chunk));
    return Buffer.concat(chunks);
  }
}
