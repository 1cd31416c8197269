// The page's own copy on this device: asks the browser to keep one, notices a newer version, and lets it take over when no
// game runs or the person says so. Where there are no service workers (plain http on a local network) it does nothing.

import { isInstalled, savesData } from './first-load.js';

/**
 * @typedef {'none' | 'ready' | 'elsewhere'} Update `ready`: a new version waits; `elsewhere`: it does, but another tab plays.
 *
 * @typedef {object} Updates
 * @property {() => Promise<void>} takeOver Changes to the new version, which loads the page again.
 * @property {(now?: boolean) => Promise<void>} look Looks for a new version: where `now` is not set, not twice in a minute.
 */

/** How often an open page looks for a new version, in ms. */
const LOOK_EVERY_MS = 60 * 60_000;
/** Two looks are at least so far apart, in ms. */
const LOOK_PAUSE_MS = 60_000;
/** How long nobody must have looked before the page changes by itself, in ms. */
const HIDDEN_MS = 5000;
/** How long the new version may take to answer and then to take over, in ms. */
const ANSWER_MS = 4000;

/**
 * @param {object} options
 * @param {() => boolean} options.busy Whether loading the page again would disturb: a game runs, a form is open.
 * @param {(update: Update) => void} options.onUpdate
 * @param {Promise<void>} options.loaded Resolves when the page has fetched what it was asked for: the copy comes after that.
 * @returns {Updates}
 */
export function keepPage({ busy, onUpdate, loaded }) {
  const container = workers();
  if (!container) return { takeOver: async () => location.reload(), look: async () => {} };
  /** @type {ServiceWorkerRegistration | null} */
  let registration = null;
  let lookedMs = -Infinity;
  let asked = false;
  let controlled = container.controller !== null;
  /** Another tab let the new version take over while this one was busy. */
  let overtaken = false;
  let hidden = 0;

  container.addEventListener('message', ({ data, ports }) => {
    if (data === 'are-you-busy') ports[0]?.postMessage(busy() ? 'busy' : 'free');
  });
  container.addEventListener('controllerchange', () => {
    // The first worker of all takes the page as it is.
    if (!controlled) controlled = true;
    else if (asked || !busy()) location.reload();
    else {
      overtaken = true;
      onUpdate('ready');
    }
  });

  /** @param {ServiceWorkerRegistration} found */
  function follow(found) {
    registration = found;
    const tell = () => {
      if (found.waiting && container?.controller) onUpdate('ready');
    };
    found.addEventListener('updatefound', () => {
      found.installing?.addEventListener('statechange', tell);
    });
    tell();
    lookedMs = performance.now();
    setInterval(() => void look(), LOOK_EVERY_MS);
    addEventListener('online', () => void look());
    document.addEventListener('visibilitychange', () => {
      clearTimeout(hidden);
      if (document.visibilityState === 'visible') void look();
      // Nobody is looking, so nobody is disturbed. A page that is being left is hidden too, and must not change on its way.
      else hidden = setTimeout(changeUnseen, HIDDEN_MS);
    });
  }

  function changeUnseen() {
    if ((registration?.waiting || overtaken) && !busy()) void takeOver();
  }

  async function look(now = false) {
    if (!registration) return;
    if (!now && performance.now() - lookedMs < LOOK_PAUSE_MS) return;
    lookedMs = performance.now();
    // Without a network there is nothing new.
    await registration.update().catch(() => {});
  }

  async function takeOver() {
    const waiting = registration?.waiting;
    if (!waiting) {
      location.reload();
      return;
    }
    const answer = await ask(waiting, 'take-over');
    if (answer !== 'taken') {
      onUpdate('elsewhere');
      return;
    }
    asked = true;
    setTimeout(() => location.reload(), ANSWER_MS);
  }

  function keep() {
    container?.register('./sw.js', { updateViaCache: 'none' }).then(
      // Where the browser only pretends, there is nothing to follow.
      (found) => found && follow(found),
      // No room, no permission, or a site that lacks the worker: the page plays all the same.
      (error) => console.info('this page is not kept on the device', error),
    );
  }
  // Who saves data is not sent the whole page unasked; who installs it asks for that.
  if (controlled || isInstalled() || !savesData()) void loaded.then(keep);
  else addEventListener('appinstalled', keep, { once: true });
  return { takeOver, look };
}

/** @returns {ServiceWorkerContainer | null} */
function workers() {
  try {
    return navigator.serviceWorker ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {ServiceWorker} worker
 * @param {string} question
 * @returns {Promise<unknown>} Undefined where no answer comes.
 */
function ask(worker, question) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(undefined), ANSWER_MS);
    port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      port1.close();
      resolve(data);
    };
    worker.postMessage(question, [port2]);
  });
}
