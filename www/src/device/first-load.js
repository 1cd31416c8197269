// When a page that was just opened may fetch what nobody has asked for yet.

/** A page that has loaded stays so long without more, in ms: by then a person may have pressed something. */
const QUIET_MS = 1000;

/** Resolves when the page has loaded, has been left alone for a while, and has nothing to do. @type {Promise<void>} */
export const quiet = new Promise((resolve) => {
  if (typeof document === 'undefined') return;
  const idle = () => {
    if ('requestIdleCallback' in globalThis) requestIdleCallback(() => resolve());
    else resolve();
  };
  const soon = () => setTimeout(idle, QUIET_MS);
  if (document.readyState === 'complete') soon();
  else addEventListener('load', soon, { once: true });
});

/** Whether the person asked the browser to fetch no more than it must. */
export function savesData() {
  const { connection } = /** @type {{ connection?: { saveData?: unknown } }} */ (navigator);
  return connection?.saveData === true;
}

/** Whether the page was installed, and runs as a program of its own. */
export const isInstalled = () => matchMedia('(display-mode: standalone)').matches;
