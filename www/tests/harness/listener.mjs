// Someone who does not see the page: hears its live regions, and acts by keyboard alone.

/** @import { Page } from 'playwright-core' */

/**
 * Notes whatever live regions say, from the next page load on. Like a screen reader it hears what is added or changed while
 * the region is there, not what a region already holds when it appears, except for an alert.
 *
 * @param {Page} page
 */
export async function listen(page) {
  await page.addInitScript(() => {
    /** @type {string[]} */
    const heard = [];
    Object.assign(globalThis, { heard });
    const LIVE = '[aria-live], [role=status], [role=alert], [role=log]';
    const region = (/** @type {Node} */ node) => {
      const element = node instanceof Element ? node : node.parentElement;
      const live = element?.closest(LIVE);
      return live && live.getAttribute('aria-live') !== 'off' && live.checkVisibility()
        ? live
        : null;
    };
    const note = (/** @type {string | null | undefined} */ text) => {
      const words = text?.replace(/\s+/g, ' ').trim();
      if (words) heard.push(words);
    };
    // Such a region is read as a whole.
    const atomic = (/** @type {Element} */ live) =>
      (live.getAttribute('aria-atomic') ?? String(live.matches('[role=status], [role=alert]'))) ===
      'true';
    new MutationObserver((changes) => {
      /** @type {Set<Element>} */
      const whole = new Set();
      const change = (/** @type {Node} */ node, /** @type {Node} */ target) => {
        const live = node.nodeType === Node.COMMENT_NODE ? null : region(target);
        if (live && atomic(live)) whole.add(live);
        else if (live) note(node.textContent);
        else if (node instanceof Element) {
          for (const alert of node.querySelectorAll('[role=alert]')) whole.add(alert);
        }
      };
      for (const { type, target, addedNodes } of changes) {
        if (type === 'characterData') change(target, target);
        for (const node of addedNodes) change(node, target);
      }
      for (const live of whole) note(live.textContent);
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
}

export class Listener {
  #page;
  #from = 0;

  /** @param {Page} page On which `listen` was called. */
  constructor(page) {
    this.#page = page;
  }

  /** All that was heard since the page was loaded. @returns {Promise<string[]>} */
  heard() {
    return this.#page.evaluate(() => /** @type {any} */ (globalThis).heard);
  }

  /**
   * Waits until something is heard after what was heard last.
   *
   * @param {string | RegExp} words The whole of it, or what it is like.
   * @returns {Promise<string>}
   */
  async hears(words) {
    const [text, pattern] = typeof words === 'string' ? [words, ''] : ['', words.source];
    try {
      const at = await this.#page.waitForFunction(
        ([from, text, pattern]) => {
          const { heard } = /** @type {{ heard: string[] }} */ (
            /** @type {unknown} */ (globalThis)
          );
          const like = (/** @type {string} */ line) =>
            pattern ? new RegExp(String(pattern)).test(line) : line === text;
          const found = heard.findIndex((line, index) => index >= Number(from) && like(line));
          return found >= 0 ? { found, line: heard[found] } : null;
        },
        [this.#from, text, pattern],
        { polling: 50 },
      );
      const { found, line } = /** @type {{ found: number, line: string }} */ (await at.jsonValue());
      this.#from = found + 1;
      return line;
    } catch (error) {
      const heard = (await this.heard()).slice(this.#from);
      throw new Error(`waited to hear ${words} and heard ${JSON.stringify(heard)}`, {
        cause: error,
      });
    }
  }

  /** What a screen reader would say of the element that has the focus: its role and name, roughly. */
  focused() {
    return this.#page.evaluate(() => {
      const element = /** @type {HTMLElement} */ (document.activeElement);
      const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
      const name = element.getAttribute('aria-label') ?? labels[0]?.innerText ?? element.innerText;
      return (name ?? '').replace(/\s+/g, ' ').trim();
    });
  }

  /**
   * Goes on with Tab until the focus is on an element of this name.
   *
   * @param {string} name
   */
  async tabTo(name) {
    const passed = [];
    for (let i = 0; i < 60; i++) {
      await this.#page.keyboard.press('Tab');
      const now = await this.focused();
      if (now === name) return;
      passed.push(now);
    }
    throw new Error(`Tab never reached ${name}; it passed ${passed.join(' | ')}`);
  }

  /**
   * Chooses in the group of radio buttons that has the focus.
   *
   * @param {string} name
   */
  async arrowTo(name) {
    for (let i = 0; i < 20; i++) {
      if ((await this.focused()) === name) return;
      await this.#page.keyboard.press('ArrowRight');
    }
    throw new Error(`no arrow led to ${name}`);
  }

  /**
   * Types into the field that has the focus and sends it.
   *
   * @param {string} text
   */
  async types(text) {
    await this.#page.keyboard.type(text);
    await this.#page.keyboard.press('Enter');
  }
}
