// Watching: which games are played in public, asked of the relays again and again while that is of interest, and who is followed.

import { storeFollows, toggleFollow } from '../people/follows.js';
import { orderLive, readLive } from '../people/live-games.js';
import { askRelay, offered, relaySites } from '../people/relay-sites.js';

/**
 * @import { PlayerKey } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { LiveGame } from '../people/live-games.js'
 * @import { Desk } from './desk.js'
 */

/** How often relays are asked, in ms: while the list is on screen, and while a game is watched. */
const LIST_MS = 5000;
const GAME_MS = 10_000;

/**
 * @param {AppState} state
 * @returns {number | null} Null while nobody wants to know.
 */
function every({ route, table }) {
  if (route.screen === 'watch') return LIST_MS;
  const { game, kind } = table ?? {};
  const watching = kind === 'peer' && game && game.you === null && game.phase !== 'open';
  return watching ? GAME_MS : null;
}

/**
 * @param {string} base The address of a relay's site.
 * @returns {Promise<LiveGame[] | 'private' | null>} Null where it shows no games, `private` where it wants a word.
 */
async function gamesAt(base) {
  const place = await offered(base, 'live');
  if (!place) return null;
  const { url, headers } = place;
  const answer = await askRelay(url, { headers });
  if (answer.status === 401) return 'private';
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return readLive(await answer.json());
}

/** @param {Desk} desk */
export function watchingWishes({ store, dispatch }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** Counts rounds, so that a late one is dropped. */
  let round = 0;

  async function look() {
    const mine = ++round;
    const answers = await Promise.allSettled((await relaySites()).map(gamesAt));
    if (mine !== round || every(store.get()) === null) return;
    const told = answers.filter((answer) => answer.status === 'fulfilled');
    const games = told.flatMap(({ value }) => (Array.isArray(value) ? value : []));
    const closed = told.length > 0 && told.every(({ value }) => value === 'private');
    const none = answers.length === 0 || store.get().peer.connection.noRelay === true;
    const failed = !none && told.length === 0;
    const silent = !failed && told.every(({ value }) => value === null);
    dispatch({
      type: 'watch',
      fields: {
        status: none || failed || silent || closed ? 'failed' : 'ready',
        words: none
          ? 'This page has no relay, so it knows of no games that are played. With its link a game can be watched, where the link names a relay.'
          : failed
            ? 'No relay answers. It is asked again in a moment.'
            : closed
              ? 'This relay is private: paste the word your host gave you.'
              : silent
                ? 'The relays of this page do not tell which games are played. A game is watched by its link.'
                : '',
        games: orderLive(games, store.get().watch.follows),
      },
    });
  }

  async function tick() {
    clearTimeout(timer);
    if (every(store.get()) === null) return;
    if (document.visibilityState === 'visible') await look();
    clearTimeout(timer);
    const wait = every(store.get());
    if (wait !== null) timer = setTimeout(tick, wait);
  }

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void tick();
  });

  let interested = false;

  return {
    /** What is on screen changed: the relays are asked, or no more. */
    lookAround() {
      const before = interested;
      interested = every(store.get()) !== null;
      if (interested && !before) void tick();
      else if (!interested) clearTimeout(timer);
    },

    /** @param {PlayerKey} key */
    followPlayer(key) {
      const { follows, games } = store.get().watch;
      const changed = toggleFollow(follows, key);
      storeFollows(changed);
      dispatch({
        type: 'watch',
        fields: { follows: changed, games: orderLive(games, changed) },
      });
    },
  };
}
