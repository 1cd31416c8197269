// What the page can do: each wish of a person as a function that acts on the peer, a game or the device, and tells the store.

import { analyse } from './analysis.js';
import { announcement } from './announcement.js';
import { shown } from './app-state.js';
import { customClock, PRESETS } from './clock.js';
import { ComputerGame, newRecord } from './computer-game.js';
import { listComputerGames, loadComputerGame, saveComputerGame } from './computer-store.js';
import { saveFile } from './download.js';
import { engine, engineLevels, mind } from './engine.js';
import { createInvitations } from './invitations.js';
import { readMove } from './notation.js';
import { checkStart, INITIAL_FEN, isPromotion } from './rules.js';
import { routeFromPaste, routeHash } from './route.js';
import { storeTheme } from './theme.js';

/**
 * @import { Clock, Game, Peer, Seek } from '@rookery/peer'
 * @import { Action, AppState, Table, Theme } from './app-state.js'
 * @import { ComputerRecord } from './computer-game.js'
 * @import { Route } from './route.js'
 * @import { Store } from './store.js'
 */

/** How long a message stays, in ms. */
const TOAST_MS = 6000;
/** How often running clocks are read, in ms. */
const CLOCK_EVERY_MS = 100;

/** @typedef {ReturnType<typeof createController>} Controller */

/**
 * @param {Store<AppState, Action>} store
 * @param {Promise<Peer>} peerStarting
 */
export function createController(store, peerStarting) {
  /** @type {Game | ComputerGame | null} */
  let game = null;
  /** @type {(() => void)[]} */
  let endings = [];
  /** Counts openings, so that a late answer for a screen that was left is dropped. */
  let opening = 0;
  let toasts = 0;
  /** A game whose seat was asked for by the button that opened it. */
  let joinOnOpen = '';
  /** @type {(() => void) | null} */
  let stopAnalysis = null;

  const { dispatch } = store;
  const table = () => store.get().table;
  const invitations = createInvitations((id) => {
    if (store.get().route.screen === 'home') go({ screen: 'game', id, relay: null });
    else say('Someone joined your game. It waits for you under “Your games”.');
  });

  peerStarting.then(
    async (peer) => {
      void watchLobby();
      await refreshGames();
      const { games, writer } = store.get().peer;
      if (writer) await invitations.reopen(peer, games, () => table()?.id);
    },
    () => {},
  );

  /** @param {string} words */
  function say(words) {
    const id = ++toasts;
    dispatch({ type: 'toast', id, words });
    setTimeout(() => dispatch({ type: 'toast-gone', id }), TOAST_MS);
  }

  /** @param {unknown} error */
  function complain(error) {
    say(error instanceof Error ? error.message : String(error));
  }

  async function refreshGames() {
    try {
      dispatch({ type: 'computer-games', games: await listComputerGames() });
    } catch {
      // Without storage there is nothing to resume; playing still works.
    }
    if (store.get().peer.status === 'ready') {
      const peer = await peerStarting;
      dispatch({ type: 'peer', peer: { games: await peer.games() } });
    }
  }

  const onSeeks = (/** @type {CustomEvent<Seek[]>} */ { detail }) =>
    dispatch({ type: 'peer', peer: { seeks: detail } });

  /** The lobby is listened to only while it is on screen. */
  async function watchLobby() {
    if (store.get().peer.status !== 'ready') return;
    const peer = await peerStarting;
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
    stopAnalysis?.();
    stopAnalysis = null;
    for (const end of endings) end();
    endings = [];
    if (game) release(game);
    game = null;
    dispatch({ type: 'table-closed' });
  }

  /** @param {Game | ComputerGame} left */
  function release(left) {
    const own = !(left instanceof ComputerGame) && left.state.creator === store.get().peer.player;
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
      ((route.screen === 'game' && current.kind === 'peer' && current.id === route.id) ||
        (route.screen === 'computer' && current.kind === 'computer' && current.id === route.id));
    if (!same) closeTable();
    dispatch({ type: 'route', route });
    void watchLobby();
    if (same) return;
    if (route.screen === 'home') await refreshGames();
    else if (route.screen === 'game') await openPeerGame(route.id, route.relay);
    else await openComputerGame(route.id);
  }

  /**
   * @param {string} id
   * @param {string | null} relay
   */
  async function openPeerGame(id, relay) {
    const mine = ++opening;
    dispatch({ type: 'table-opening', kind: 'peer', id });
    try {
      const peer = await peerStarting;
      const opened = invitations.take(id) ?? (await peer.open(id, relay ? { relay } : {}));
      if (mine !== opening) {
        // The peer gives one handle for a game, and a later opening may hold it by now.
        if (table()?.id !== id) release(opened);
        return;
      }
      attach(opened);
      if (joinOnOpen === id && opened.state.phase === 'open') void join();
    } catch (error) {
      if (mine !== opening) return;
      const words = error instanceof Error ? error.message : String(error);
      dispatch({ type: 'table-failed', id, error: words });
    } finally {
      joinOnOpen = '';
    }
  }

  /** @param {string | null} wanted Null for the newest game that is not over. */
  async function openComputerGame(wanted) {
    const mine = ++opening;
    dispatch({ type: 'table-opening', kind: 'computer', id: wanted ?? '' });
    try {
      const record = wanted
        ? await loadComputerGame(wanted)
        : (await listComputerGames()).find((candidate) => !candidate.result);
      if (mine !== opening) return;
      if (!record) {
        if (wanted) throw new Error('This game is not kept on this device.');
        go({ screen: 'home' });
        return;
      }
      if (!wanted) {
        history.replaceState(null, '', routeHash({ screen: 'computer', id: record.id }));
        dispatch({ type: 'route', route: { screen: 'computer', id: record.id } });
        dispatch({ type: 'table-opening', kind: 'computer', id: record.id });
      }
      const opened = new ComputerGame(record, {
        mind,
        save: saveComputerGame,
        now: () => Date.now(),
      });
      attach(opened);
      opened.start();
    } catch (error) {
      if (mine !== opening) return;
      const words = error instanceof Error ? error.message : String(error);
      dispatch({ type: 'table-failed', id: wanted ?? '', error: words });
    }
  }

  /** @param {Game | ComputerGame} opened */
  function attach(opened) {
    game = opened;
    const onChange = () => receive(opened);
    const onNotice = (/** @type {Event} */ event) => {
      const { words } = /** @type {CustomEvent<{ words: string }>} */ (event).detail;
      say(words);
    };
    opened.addEventListener('change', /** @type {EventListener} */ (onChange));
    opened.addEventListener('notice', /** @type {EventListener} */ (onNotice));
    const ticking = setInterval(() => {
      if (opened.state.phase === 'playing' && opened.state.clock.kind !== 'none') {
        dispatch({ type: 'clocks', clocks: opened.clocks() });
      }
    }, CLOCK_EVERY_MS);
    endings.push(
      () => clearInterval(ticking),
      () => opened.removeEventListener('change', /** @type {EventListener} */ (onChange)),
      () => opened.removeEventListener('notice', /** @type {EventListener} */ (onNotice)),
    );
    receive(opened);
  }

  /** @param {Game | ComputerGame} opened */
  function receive(opened) {
    const before = table()?.game ?? null;
    const { state } = opened;
    const local = opened instanceof ComputerGame;
    dispatch({
      type: 'table-game',
      id: opened.id,
      game: state,
      clocks: opened.clocks(),
      link: opened.link(),
      computer: local ? opened.opponent : null,
      thinking: local && opened.thinking,
    });
    const words = announcement(before, state);
    if (words) dispatch({ type: 'announce', words });
  }

  /**
   * Runs a side action; what goes wrong is told in words.
   *
   * @param {(game: Game | ComputerGame) => Promise<unknown>} action
   */
  async function ask(action) {
    if (!game) return;
    try {
      await action(game);
    } catch (error) {
      complain(error);
    }
  }

  async function join() {
    dispatch({ type: 'table', fields: { joining: true } });
    const asked = game;
    try {
      await asked?.join();
    } catch (error) {
      // A refusal is part of the game's state and stays on screen; anything else is told once.
      if (asked?.state.seat !== 'refused') complain(error);
    } finally {
      dispatch({ type: 'table', fields: { joining: false } });
    }
  }

  /** @param {string} uci */
  async function play(uci) {
    if (!game) return;
    dispatch({ type: 'table', fields: { promotion: null, moveText: '', moveError: '' } });
    try {
      await game.move(uci);
    } catch (error) {
      dispatch({ type: 'board-reset' });
      complain(error);
    }
  }

  /** @param {Table} current */
  function analyseShown(current) {
    stopAnalysis?.();
    stopAnalysis = analyse(shown(current).fen, (analysis) =>
      dispatch({ type: 'table', fields: { analysis } }),
    );
  }

  /** @param {number} ply */
  function showPly(ply) {
    const before = table();
    dispatch({ type: 'show-ply', ply });
    const after = table();
    if (after?.analysis && before !== after) analyseShown(after);
  }

  return {
    go,
    follow,
    join,
    play,
    showPly,
    say,

    /** @param {Theme} theme */
    setTheme(theme) {
      storeTheme(theme);
      dispatch({ type: 'theme', theme });
    },

    openComputerForm() {
      const last = store.get().computerGames[0];
      dispatch({
        type: 'dialog',
        dialog: {
          kind: 'computer',
          level: last?.level ?? 3,
          colour: 'random',
          fen: '',
          error: '',
        },
      });
      // The engine loads while the person chooses.
      engine().catch(() => {});
      if (store.get().levels.length === 0) {
        engineLevels().then((levels) => dispatch({ type: 'levels', levels }), complain);
      }
    },

    openCreateForm() {
      dispatch({
        type: 'dialog',
        dialog: {
          kind: 'create',
          preset: '5+3',
          minutes: '20',
          increment: '10',
          colour: 'random',
          takebacks: true,
          listed: false,
          error: '',
          busy: false,
        },
      });
    },

    closeDialog() {
      dispatch({ type: 'dialog', dialog: null });
    },

    /** @param {Extract<Action, { type: 'form' }>['fields']} fields */
    changeForm(fields) {
      dispatch({ type: 'form', fields });
    },

    async startComputer() {
      const { dialog, levels } = store.get();
      if (dialog?.kind !== 'computer') return;
      const start = dialog.fen.trim() === '' ? { fen: INITIAL_FEN } : checkStart(dialog.fen);
      if ('error' in start) {
        dispatch({ type: 'form', fields: { error: start.error } });
        return;
      }
      const random = crypto.getRandomValues(new Uint8Array(9));
      const drawn = random[8] % 2 === 0 ? 'white' : 'black';
      const record = newRecord({
        id: [...random.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
        nowMs: Date.now(),
        level: dialog.level,
        levelName: levels.find(({ level }) => level === dialog.level)?.name ?? '',
        you: dialog.colour === 'random' ? drawn : dialog.colour,
        startFen: start.fen,
      });
      try {
        await saveComputerGame(record);
        dispatch({ type: 'dialog', dialog: null });
        go({ screen: 'computer', id: record.id });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        dispatch({ type: 'form', fields: { error: `This device cannot keep the game: ${why}` } });
      }
    },

    async createGame() {
      const { dialog } = store.get();
      if (dialog?.kind !== 'create' || dialog.busy) return;
      const preset = PRESETS.find(({ id }) => id === dialog.preset);
      /** @type {{ clock: Clock } | { error: string }} */
      const chosen = preset ?? customClock(dialog.minutes, dialog.increment);
      if ('error' in chosen) {
        dispatch({ type: 'form', fields: { error: chosen.error } });
        return;
      }
      const { colour, takebacks, listed } = dialog;
      dispatch({ type: 'form', fields: { busy: true } });
      try {
        const peer = await peerStarting;
        const created = await peer.create({ clock: chosen.clock, colour, takebacks, listed });
        const { id } = created;
        invitations.keep(created);
        dispatch({ type: 'dialog', dialog: null });
        go(routeFromPaste(created.link()) ?? { screen: 'game', id, relay: null });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        dispatch({ type: 'form', fields: { busy: false, error: why } });
      }
    },

    /** @param {{ game: string, relay: string | null }} seek */
    joinSeek(seek) {
      joinOnOpen = seek.game;
      go({ screen: 'game', id: seek.game, relay: seek.relay });
    },

    /** @param {string} text */
    openPasted(text) {
      const route = routeFromPaste(text);
      if (route) go(route);
      else {
        dispatch({
          type: 'paste-error',
          words: 'There is no game in this. A link ends in #/game/ and 64 letters and digits.',
        });
      }
    },

    /**
     * A piece was dropped; a pawn on the last rank first says what it becomes.
     *
     * @param {string} from
     * @param {string} to
     */
    drop(from, to) {
      const current = table();
      if (!current?.game) return;
      if (isPromotion(current.game.fen, from, to)) {
        const promotion = { from, to, colour: current.game.turn };
        dispatch({ type: 'table', fields: { promotion } });
      } else void play(from + to);
    },

    /** @param {'q' | 'r' | 'b' | 'n'} role */
    promote(role) {
      const promotion = table()?.promotion;
      if (promotion) void play(promotion.from + promotion.to + role);
    },

    cancelPromotion() {
      dispatch({ type: 'board-reset' });
    },

    /** @param {string} moveText */
    typeMove(moveText) {
      dispatch({ type: 'table', fields: { moveText, moveError: '' } });
    },

    submitMove() {
      const current = table();
      if (!current?.game) return;
      const fail = (/** @type {string} */ moveError) =>
        dispatch({ type: 'table', fields: { moveError } });
      if (!current.game.can.move) {
        fail(current.game.phase === 'playing' ? 'It is not your turn.' : 'The game is over.');
        return;
      }
      const read = readMove(current.game.fen, current.moveText);
      if ('error' in read) fail(read.error);
      else void play(read.uci);
    },

    /** @param {number} by Plies, forward or back. */
    step(by) {
      const current = table();
      if (current?.game) showPly(shown(current).ply + by);
    },

    flip() {
      const current = table();
      if (current) dispatch({ type: 'table', fields: { flipped: !current.flipped } });
    },

    /** @param {boolean} confirmingResign */
    askResign(confirmingResign) {
      dispatch({ type: 'table', fields: { confirmingResign } });
    },

    resign() {
      dispatch({ type: 'table', fields: { confirmingResign: false } });
      return ask((opened) => opened.resign());
    },

    abort: () => ask((opened) => opened.abort()),
    draw: () => ask((opened) => opened.draw()),
    offerDraw: () => ask((opened) => opened.offerDraw()),
    askTakeback: () => ask((opened) => opened.askTakeback()),
    acceptTakeback: () => ask((opened) => opened.acceptTakeback()),
    decline: () => ask((opened) => opened.decline()),

    analyse() {
      const current = table();
      if (!current?.game) return;
      if (current.analysis) {
        stopAnalysis?.();
        stopAnalysis = null;
        dispatch({ type: 'table', fields: { analysis: null } });
      } else analyseShown(current);
    },

    /**
     * @param {string} text
     * @param {string} what `Link`, `PGN`.
     */
    async copy(text, what) {
      try {
        await navigator.clipboard.writeText(text);
        say(`${what} copied.`);
      } catch {
        say(`The browser did not allow copying. Select the text and copy it by hand.`);
      }
    },

    /** @param {string} text */
    async share(text) {
      try {
        await navigator.share({ title: 'A game of chess', url: text });
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'AbortError')) complain(error);
      }
    },

    pgn: () => game?.pgn() ?? '',

    downloadPgn() {
      if (game)
        saveFile(`rookery-${game.id.slice(0, 8)}.pgn`, 'application/x-chess-pgn', game.pgn());
    },

    downloadSigned() {
      if (game && 'export' in game) {
        saveFile(`rookery-${game.id.slice(0, 8)}.rook`, 'application/octet-stream', game.export());
      }
    },
  };
}
