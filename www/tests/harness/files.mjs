// Files as a person brings them to the page: chosen, or dropped on it.

/**
 * @import { Page } from 'playwright-core'
 * @import { Player } from './player.mjs'
 */

/**
 * Opens a file on the screen of all games.
 * @param {Player} player With the page open.
 * @param {string} name
 * @param {string | Buffer} content
 */
export async function bring(player, name, content) {
  const { page } = player;
  await page.evaluate(() => {
    location.hash = '#/games';
  });
  await player.sees({ screen: 'games' });
  const file = { name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) };
  await page.locator('input[type=file]').first().setInputFiles(file);
}

/**
 * Holds a file over the page and lets it go.
 * @param {Page} page
 * @param {string} name
 * @param {string} content
 */
export async function dropOn(page, name, content) {
  await page.evaluate(
    ([name, content]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([content ?? ''], name ?? ''));
      for (const type of ['dragover', 'drop']) {
        document.body.dispatchEvent(
          new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
        );
      }
    },
    [name, content],
  );
}

/**
 * Many games, each with moves of its own players.
 * @param {number} count
 * @param {string} [event]
 */
export function manyGames(count, event = 'Open') {
  let text = '';
  for (let i = 0; i < count; i++) {
    text += `[Event "${event}"]\n[White "Player ${i} White"]\n[Black "Player ${i} Black"]\n[Result "1-0"]\n\n`;
    text += '1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5 7. Bb3 O-O 8. c3 d5 ';
    text += '9. exd5 Nxd5 10. Nxe5 Nxe5 11. Rxe5 c6 12. d4 Bd6 13. Re1 Qh4 14. g3 Qh3 1-0\n\n';
  }
  return text;
}

/**
 * Watches for long tasks from now on.
 * @param {Page} page
 * @returns {Promise<() => Promise<number>>} The longest until now, in ms; 0 where none took 50.
 */
export async function longestTask(page) {
  await page.evaluate(() => {
    const watched = /** @type {typeof globalThis & { longest: number }} */ (globalThis);
    watched.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        watched.longest = Math.max(watched.longest, duration);
      }
    }).observe({ entryTypes: ['longtask'] });
  });
  return () =>
    page.evaluate(
      () => /** @type {typeof globalThis & { longest: number }} */ (globalThis).longest,
    );
}
