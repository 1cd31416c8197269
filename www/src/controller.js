// What the page can do. The wishes of a person lie in `wishes/`, a group in each file; here is what they act on: the game
// that the address names is opened, its changes go into the state, and what is left is closed.

import { announcement } from './words/announcement.js';
import { listImported, loadImported } from './archive/archive-store.js';
import { mind } from './table/engine.js';
import { ImportedGame } from './archive/imported-game.js';
import { createInvitations } from './table/invitations.js';
import { LocalGame } from './table/local-game.js';
import { listLocalGames, loadLocalGame, saveLocalGame } from './table/local-store.js';
import { routeHash } from './route.js';
import { storeSettings } from './device/settings.js';
import { showLook, storeTheme } from './device/theme.js';
import { archivingWishes } from './wishes/archiving.js';
import { backingUpWishes } from './wishes/backing-up.js';
import { codingWishes } from './wishes/coding.js';
import { commandWishes } from './wishes/commanding.js';
import { createDesk } from './wishes/desk.js';
import { importingWishes } from './wishes/importing.js';
import { keepingWishes } from './wishes/keeping.js';
import { knowingWishes } from './wishes/knowing.js';
import { lookingWishes } from './wishes/looking.js';
import { movingWishes } from './wishes/moving.js';
import { offerWishes } from './wishes/offers.js';
import { openingRelays } from './wishes/opening-relays.js';
import { passingOnWishes } from './wishes/passing-on.js';
import { rematchWishes } from './wishes/rematching.js';
import { startingWishes } from './wishes/starting.js';
import { talkingWishes } from './wishes/talking.js';
import { updatingWishes } from './wishes/updating.js';
import { walkingWishes } from './wishes/walking.js';
import { watchingWishes } from './wishes/watching.js';

/**
 * @import { Game, Peer, SaidLine, Seek } from '@rookery/peer'
 * @import { Action, AppState, Theme } from './app-state.js'
 * @import { PeerNeed } from './peer-need.js'
 * @import { Route } from './route.js'
 * @import { Settings } from './device/settings.js'
 * @import { Store } from './store.js'
 * @import { PlayedGame } from './wishes/desk.js'
 */

/** How often running clocks are read, in ms. */
const CLOCK_EVERY_MS = 100;
/** After so long in vain a game of others is looked for again, in ms. */
const OPEN_AGAIN_MS = 1000;
/** How long a wish to sit down goes unanswered before that is said, in ms. */
const ANSWER_MS = 8000;

/** @typedef {ReturnType<typeof createController>} Controller */

/**
 * @param {Store<AppState, Action>} store
 * @param {PeerNeed} peerNeed
 */
export function createController(store, { need: needPeer, up: peerUp }) {
  /** @type {PlayedGame | null} */
  let game = null;
  /** @type {(() => void)[]} */
  let endings = [];
  /** Counts openings, so that a late answer for a screen that was left is dropped. */
  let opening = 0;
  /** A game whose seat was asked for by the button that opened it. */
  let joinOnOpen = '';

  const desk = createDesk({ store, game: () => game, needPeer, go });
  const { dispatch, table } = desk;
  const moving = movingWishes(desk);
  const offers = offerWishes(desk);
  const looking = lookingWishes(desk);
  const archiving = archivingWishes(desk, refreshGames);
  const backingUp = backingUpWishes(desk);
  const watching = watchingWishes(desk);
  const importing = importingWishes(desk, {
    refresh: refreshGames,
    bringBackup: backingUp.bringBackup,
  });
  const starting = startingWishes(desk, {
    bringText: importing.bringText,
    openCode: codingWishes(desk).openCode,
    keepOpen: (created) => invitations.keep(created),
    joinOnOpen: (id) => {
      joinOnOpen = id;
    },
  });
  const rematching = rematchWishes(desk, {
    keepOpen: (created) => invitations.keep(created),
    takeBack: (id) => invitations.take(id),
    join: (id, relay) => starting.joinSeek({ game: id, relay }),
    refresh: () => void refreshGames(),
    again: () => {
      if (game instanceof LocalGame) void starting.beginAgain(game.record);
    },
  });
  const knowing = knowingWishes(desk);
  const passingOn = passingOnWishes(desk);
  const talking = talkingWishes(desk, rematching.hearRematch, knowing.hearName);
  const invitations = createInvitations((id) => {
    if (store.get().route.screen === 'home' || rematching.isRematch(id))
      go({ screen: 'game', id, relay: null });
    else desk.say('Someone joined your game. It waits for you under “Your games”.');
  });

  peerUp.then(
    async (peer) => {
      void watchLobby();
      peer.addEventListener('games', () => void refreshPeerGames());
      await refreshGames();
      const { games, writer } = store.get().peer;
      if (writer) await invitations.reopen(peer, games, () => table()?.id);
    },
    () => {},
  );

  async function refreshGames() {
    try {
      dispatch({ type: 'local-games', games: await listLocalGames() });
      dispatch({ type: 'archive', fields: { imported: await listImported() } });
    } catch {
      // Without storage there is nothing to resume; playing still works.
    }
    await refreshPeerGames();
  }

  async function refreshPeerGames() {
    if (store.get().peer.status !== 'ready') return;
    const peer = await needPeer();
    dispatch({ type: 'peer', peer: { games: await peer.games() } });
  }

  const onSeeks = (/** @type {CustomEvent<Seek[]>} */ { detail }) =>
    dispatch({ type: 'peer', peer: { seeks: detail } });

  /** The lobby is listened to only while it is on screen. */
  async function watchLobby() {
    if (store.get().peer.status !== 'ready') return;
    const peer = await needPeer();
    peer.removeEventListener('seeks', /** @type {EventListener} */ (onSeeks));
    if (store.get().route.screen !== 'home') return;
    peer.addEventListener('seeks', onSeeks);
    dispatch({ type: 'peer', peer: { seeks: peer.seeks } });
  }

  /** @param {Route} route */
  function go(route) {
    location.hash = routeHash(route);
  }

  function closeTable() {
    opening += 1;
    looking.stopLooking();
    rematching.stopRematch();
    for (const end of endings) end();
    endings = [];
    if (game) release(game);
    game = null;
    dispatch({ type: 'table-closed' });
  }

  /** @param {PlayedGame} left */
  function release(left) {
    const own = 'say' in left && left.state.creator === store.get().peer.player;
    if (own && left.state.phase === 'open') invitations.keep(left);
    else left.close();
  }

  /**
   * Follows the address: closes the game on screen and opens the one it names.
   *
   * @param {Route} route
   */
  async function follow(route) {
    const current = table();
    const same =
      current !== null &&
      current.status !== 'failed' &&
      'id' in route &&
      current.kind === (route.screen === 'game' ? 'peer' : route.screen) &&
      current.id === route.id;
    if (!same) closeTable();
    dispatch({ type: 'route', route });
    void watchLobby();
    watching.lookAround();
    if (same) return;
    if (!('id' in route)) await refreshGames();
    else if (route.screen === 'game') await openPeerGame(route.id, route.relay);
    else if (route.screen === 'import') await openImported(route.id);
    else await openLocalGame(route.screen, route.id);
  }

  /**
   * @param {string} id
   * @param {string | null} relay
   */
  async function openPeerGame(id, relay) {
    const mine = ++opening;
    const wide = matchMedia('(min-width: 900px)').matches;
    dispatch({ type: 'table-opening', kind: 'peer', id, wide });
    try {
      const peer = await needPeer();
      const opened = invitations.take(id) ?? (await openPatiently(peer, id, relay, mine));
      if (!opened) return;
      if (mine !== opening) {
        // The peer gives one handle for a game, and a later opening may hold it by now.
        if (table()?.id !== id) release(opened);
        return;
      }
      attach(opened);
      if (joinOnOpen === id && opened.state.phase === 'open') void offers.join();
    } catch (error) {
      if (mine !== opening) return;
      const words = error instanceof Error ? error.message : String(error);
      dispatch({ type: 'table-failed', id, error: words });
    } finally {
      joinOnOpen = '';
    }
  }

  /**
   * Opens a game as soon as a relay answers, however long that takes.
   *
   * @param {Peer} peer
   * @param {string} id
   * @param {string | null} relay
   * @param {number} mine The opening that this belongs to.
   * @returns {Promise<Game | null>} Null when the screen was left meanwhile.
   */
  async function openPatiently(peer, id, relay, mine) {
    while (mine === opening) {
      try {
        return await peer.open(id, relay ? { relay } : {});
      } catch (error) {
        if (/** @type {{ code?: unknown }} */ (error).code !== 'offline') throw error;
        const obstacle = /** @type {Error} */ (error).message;
        if (mine === opening) dispatch({ type: 'table', fields: { obstacle } });
        await new Promise((resolve) => setTimeout(resolve, OPEN_AGAIN_MS));
      }
    }
    return null;
  }

  /**
   * @param {'computer' | 'board'} kind
   * @param {string | null} wanted Null for the last one that goes on.
   */
  async function openLocalGame(kind, wanted) {
    const mine = ++opening;
    dispatch({ type: 'table-opening', kind, id: wanted ?? '' });
    try {
      const record = wanted
        ? await loadLocalGame(wanted)
        : (await listLocalGames()).find((kept) => kept.kind === kind && !kept.result);
      if (mine !== opening) return;
      if (record?.kind !== kind) {
        if (wanted) throw new Error('This game is not kept on this device.');
        go({ screen: 'home' });
        return;
      }
      if (!wanted) {
        const route = { screen: kind, id: record.id };
        history.replaceState(null, '', routeHash(route));
        dispatch({ type: 'route', route });
        dispatch({ type: 'table-opening', kind, id: record.id });
      }
      const opened = new LocalGame(record, { mind, save: saveLocalGame, now: () => Date.now() });
      attach(opened);
      opened.start();
    } catch (error) {
      if (mine !== opening) return;
      const words = error instanceof Error ? error.message : String(error);
      dispatch({ type: 'table-failed', id: wanted ?? '', error: words });
    }
  }

  /** @param {string} id */
  async function openImported(id) {
    const mine = ++opening;
    dispatch({ type: 'table-opening', kind: 'import', id });
    try {
      const record = await loadImported(id);
      if (mine !== opening) return;
      if (!record) throw new Error('This game is not kept on this device.');
      attach(new ImportedGame(record));
    } catch (error) {
      if (mine !== opening) return;
      const words = error instanceof Error ? error.message : String(error);
      dispatch({ type: 'table-failed', id, error: words });
    }
  }

  /** @param {PlayedGame} opened */
  function attach(opened) {
    game = opened;
    const onChange = () => receive(opened);
    const onNotice = (/** @type {Event} */ event) => {
      const { words } = /** @type {CustomEvent<{ words: string }>} */ (event).detail;
      desk.say(words);
    };
    opened.addEventListener('change', /** @type {EventListener} */ (onChange));
    const onSaid = (/** @type {Event} */ event) =>
      talking.hear(/** @type {CustomEvent<SaidLine>} */ (event).detail);
    opened.addEventListener('notice', /** @type {EventListener} */ (onNotice));
    opened.addEventListener('said', /** @type {EventListener} */ (onSaid));
    let waitingMs = 0;
    const ticking = setInterval(() => {
      waitingMs = opened.state.seat === 'waiting' ? waitingMs + CLOCK_EVERY_MS : 0;
      const unanswered = waitingMs > ANSWER_MS;
      if (unanswered !== table()?.unanswered) dispatch({ type: 'table', fields: { unanswered } });
      if (opened.state.phase === 'playing' && opened.state.clock.kind !== 'none') {
        dispatch({ type: 'clocks', clocks: opened.clocks() });
      }
    }, CLOCK_EVERY_MS);
    endings.push(
      () => clearInterval(ticking),
      () => opened.removeEventListener('change', /** @type {EventListener} */ (onChange)),
      () => opened.removeEventListener('notice', /** @type {EventListener} */ (onNotice)),
      () => opened.removeEventListener('said', /** @type {EventListener} */ (onSaid)),
    );
    receive(opened);
    talking.startTalking(opened);
    if (opened.state.you !== null) void backingUp.askToPersist();
  }

  /** @param {PlayedGame} opened */
  function receive(opened) {
    const before = table()?.game ?? null;
    const { state } = opened;
    const local = opened instanceof LocalGame;
    dispatch({
      type: 'table-game',
      id: opened.id,
      game: state,
      clocks: opened.clocks(),
      link: opened.link(),
      computer: local ? opened.opponent : null,
      origin: 'origin' in opened ? opened.origin : null,
      thinking: local && opened.thinking,
      turning: local && opened.record.turning,
    });
    if (before?.id === state.id && before.you && !before.goesOnIn && state.goesOnIn) {
      const relay = 'relay' in opened ? opened.relay : null;
      go({ screen: 'game', id: state.goesOnIn, relay });
    }
    const words = announcement(before, state, opened.clocks());
    if (words) dispatch({ type: 'announce', words });
    watching.lookAround();
    moving.playPremove();
    rematching.repeatOffer(before, state);
    knowing.greet(opened, before);
  }

  /** @param {Partial<Settings>} settings */
  function changeSettings(settings) {
    dispatch({ type: 'settings', settings });
    storeSettings(store.get().settings);
    showLook(store.get().settings);
  }

  return {
    go,
    follow,
    say: desk.say,
    ...moving,
    ...offers,
    ...looking,
    ...starting,
    ...passingOn,
    ...talking,
    ...rematching,
    ...archiving,
    ...importing,
    ...backingUp,
    ...watching,
    ...knowing,
    ...openingRelays(desk),
    ...keepingWishes(desk),
    ...walkingWishes(desk, moving),
    ...commandWishes(desk, { ...moving, ...offers, ...looking, ...rematching, ...talking }),
    ...updatingWishes(desk),

    /** At one board: it turns after each move, or stays. */
    turn: () => desk.ask(async (opened) => 'turn' in opened && (await opened.turn())),

    openSettings() {
      dispatch({ type: 'dialog', dialog: { kind: 'settings' } });
    },

    changeSettings,

    /** @param {boolean} screenReader Whether the page is laid out to be heard. */
    listen(screenReader) {
      changeSettings({ screenReader });
      const words = screenReader
        ? 'Screen-reader mode is on. In a game type moves and commands; help tells them all.'
        : 'Screen-reader mode is off.';
      dispatch({ type: 'announce', words });
    },

    /** @param {Theme} theme */
    setTheme(theme) {
      storeTheme(theme);
      dispatch({ type: 'theme', theme });
    },
  };
}
