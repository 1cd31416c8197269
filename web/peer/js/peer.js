// The player in this tab: key, writer, relays, and the games that are open.

import { guarded } from './channel-guard.js';
import { closeSeat } from './closed-seat.js';
import { Distrust } from './distrust.js';
import { PeerError } from './errors.js';
import { Game } from './game.js';
import { isGameId, isMultiaddr } from './link.js';
import { openAt } from './opening.js';
import { RelaySession } from './relay-session.js';
import { isToken, Tokens } from './tokens.js';
import { claimWriter } from './writer.js';

/**
 * @import { Connection, ForgottenGame, GameId, GameOptions, GameSummary, Seek } from './index.d.ts'
 * @import { Dial } from './connector.js'
 * @import { Opening } from './opening.js'
 * @import { KeptGame, Store, Taken } from './store.js'
 * @import { Writer } from './writer.js'
 * @import * as Wasm from './rookery_web_peer.js'
 */

/** How long a new game, or one that only the relay knows, waits for the relay, in ms. */
const PATIENCE_MS = 10_000;
/** How long the relay that a link names is tried alone, in ms, before this page's own is asked for the game too. */
const ALONE_MS = 2500;
/** How long a new game may take to reach the relay before the page goes on without its word, in ms. */
const PLACE_MS = 4000;
/** Unfinished games that are taken up at the start, newest first. */
const MAX_RESUMED = 50;
const START_FEN = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

/** @param {unknown} value @param {number} least @param {number} most */
function isWhole(value, least, most) {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** @param {string} words */
function badInput(words) {
  return new PeerError('bad-input', words);
}

export class Peer extends EventTarget {
  #wasm;
  #store;
  #secret;
  #transport;
  /** @type {Writer} */
  #writer = { held: false, holder: null, release: async () => {} };
  /** @type {RelaySession} */
  #home;
  /** Relays that were found to lie. */
  #distrust = new Distrust();
  #tokens;
  /** The session whose connection the page shows. @type {RelaySession} */
  #front;
  /** Relays of links that the page itself does not name. @type {Map<string, RelaySession>} */
  #others = new Map();
  /** @type {Map<GameId, Game>} */
  #open = new Map();
  /** Games that are being opened. @type {Map<GameId, Opening>} */
  #opening = new Map();
  /** @type {Set<unknown>} */
  #lobbyListeners = new Set();
  #lastConnection = '';
  #closed = false;
  #poke = () => {
    for (const session of this.#sessions()) session.poke();
    this.#onConnection();
  };
  #renew = () => {
    for (const session of this.#sessions()) session.renew();
    this.#onConnection();
  };
  #visible = () => {
    if (document.visibilityState === 'visible') this.#poke();
  };

  /**
   * @param {object} options
   * @param {typeof Wasm} options.wasm
   * @param {Store} options.store
   * @param {Uint8Array} options.secret
   * @param {string[]} options.relays
   * @param {'ws' | 'webrtc'} [options.transport]
   * @param {Readonly<Record<string, string>>} [options.tokens]
   */
  constructor({ wasm, store, secret, relays, transport, tokens = {} }) {
    super();
    this.#tokens = new Tokens(tokens);
    this.#wasm = wasm;
    this.#store = store;
    this.#secret = secret;
    this.#transport = transport;
    this.#home = this.#newSession(relays, null);
    this.#front = this.#home;
    /** @readonly */
    this.player = this.#home.core.player;
  }

  /**
   * Takes the writer's place if it is free, takes up unfinished games, and starts connecting.
   *
   * @param {string} database
   */
  async start(database) {
    this.#writer = await claimWriter({
      name: `rookery-writer:${database}:${this.player}`,
      store: this.#store,
      locks: navigator.locks,
      onChange: (held) => void this.#onWriter(held),
    });
    if (this.#writer.held) this.#home.run(this.#home.core.set_writer(true));
    const games = await this.#unfinished();
    await this.#resume(games.filter(({ relay }) => relay === null));
    this.#home.start();
    // Whether another relay is ours is asked of ours, which may take its time.
    void this.#resume(games.filter(({ relay }) => relay !== null));
    addEventListener('online', this.#renew);
    addEventListener('offline', this.#poke);
    document.addEventListener('visibilitychange', this.#visible);
    document.addEventListener('resume', this.#poke);
  }

  get writer() {
    return this.#writer.held;
  }

  get connection() {
    return this.#front.connection;
  }

  get seeks() {
    return this.#home.seeks;
  }

  /**
   * @param {GameOptions} options
   * @returns {Promise<Game>}
   */
  async create(options) {
    this.#check();
    this.#checkWriter();
    const session = this.#home;
    const { noRelay, token, words } = session.connection;
    if (noRelay) throw new PeerError('no-relay', words);
    if (token) throw new PeerError('token-needed', words);
    await session.ready(PATIENCE_MS);
    const random = crypto.getRandomValues(new Uint8Array(32));
    const id = await session.wish(() => session.core.create(this.#newGame(options), random));
    if (!id) throw new PeerError('internal', 'The game was not created.');
    await session.placed(id, PLACE_MS);
    this.#show(session);
    return this.#handle(id, session);
  }

  /**
   * @param {GameId} id
   * @param {{ relay?: string }} [options]
   * @returns {Promise<Game>}
   */
  async open(id, { relay } = {}) {
    this.#check();
    if (!isGameId(id)) throw new PeerError('bad-link', 'This is no name of a game.');
    if (relay !== undefined && !isMultiaddr(relay)) {
      throw new PeerError('bad-link', 'The link names its relay in a way that cannot be read.');
    }
    const open = this.#open.get(id);
    if (open) return open;
    const kept = await this.#store.game(id);
    const session = await this.#sessionFor(kept ? kept.game.relay : (relay ?? null));
    if (kept && !session.state(id)) {
      try {
        session.load(kept);
      } catch {
        // What cannot be read here any more, the relay may still have.
      }
    }
    this.#show(session);
    session.run(session.core.open(id));
    if (session.state(id)) return this.#handle(id, session);
    const opening =
      this.#opening.get(id) ?? openAt(id, [session, this.#home], ALONE_MS, PATIENCE_MS);
    this.#opening.set(id, opening);
    opening.look();
    try {
      const found = await opening.found;
      this.#show(found);
      return this.#handle(id, found);
    } catch (error) {
      throw PeerError.from(error);
    } finally {
      if (this.#opening.get(id) === opening) this.#opening.delete(id);
      for (const asked of opening.asked) {
        if (this.#open.get(id)?.uses(asked)) continue;
        asked.run(asked.core.close(id));
        this.#leave(asked);
      }
    }
  }

  /**
   * @param {string} relay
   * @param {string} token
   */
  setToken(relay, token) {
    this.#check();
    if (!isToken(token)) {
      throw badInput(
        'The word of a relay has at most 128 letters, digits and signs, and no spaces.',
      );
    }
    this.#tokens.set(relay, token);
    for (const session of this.#sessions()) session.opened(relay);
  }

  /** @param {GameId} id */
  async withdraw(id) {
    this.#check();
    const session = [...this.#sessions()].find((one) => one.keeps(id));
    if (!session) throw new PeerError('no-such-game', 'This device does not keep that game.');
    const game = this.#open.get(id);
    game?.hush(true);
    try {
      if (session.isReady && session.state(id)?.phase === 'open') {
        await closeSeat(id, session, this.#newGuest(session));
      }
      await session.withdraw(id);
    } finally {
      game?.hush(false);
    }
    game?.close();
  }

  /**
   * A session like another one, for a key that is thrown away and keeps nothing.
   *
   * @param {RelaySession} session
   */
  #newGuest(session) {
    const nothing = async () => {};
    const secret = crypto.getRandomValues(new Uint8Array(32));
    return session.fork(new this.#wasm.PeerCore(secret), {
      put: nothing,
      remove: nothing,
      summarize: nothing,
    });
  }

  /** @returns {Promise<GameSummary[]>} */
  async games() {
    const games = await this.#store.games();
    return games.map(({ id, createdMs, relay, summary }) => ({
      id,
      createdMs,
      relay,
      ...(summary ?? { you: null, opponent: null, ply: 0, phase: 'open', result: null }),
    }));
  }

  /**
   * @param {GameId} id
   * @returns {Promise<string>}
   */
  async pgn(id) {
    this.#check();
    const open = [...this.#sessions()].find((session) => session.state(id));
    if (open) return open.core.pgn(id) ?? '';
    const kept = await this.#store.game(id);
    if (!kept) return '';
    // A core of its own, so that nothing is asked of a relay.
    const reading = new this.#wasm.PeerCore(this.#secret);
    try {
      reading.load(kept.items, kept.game.notes ?? new Uint8Array());
      return reading.pgn(id) ?? '';
    } catch {
      return '';
    } finally {
      reading.free();
    }
  }

  /** @param {Uint8Array} bytes */
  async readSigned(bytes) {
    this.#check();
    const reading = new this.#wasm.PeerCore(this.#secret);
    try {
      const outputs = /** @type {[string, GameId][]} */ (reading.load(bytes, new Uint8Array()));
      const id = outputs.find(([kind]) => kind === 'changed')?.[1];
      const pgn = id && reading.pgn(id);
      if (!id || !pgn) throw badInput('There is no game in this file.');
      return { id, pgn };
    } catch (error) {
      throw PeerError.from(error, 'bad-input');
    } finally {
      reading.free();
    }
  }

  /** @param {GameId} id */
  async forget(id) {
    this.#check();
    const kept = await this.#store.game(id);
    if (!kept) throw new PeerError('no-such-game', 'This device does not keep that game.');
    const { summary } = kept.game;
    if (summary?.you && summary.phase === 'playing') {
      throw new PeerError('not-ready', 'This game goes on. Resign it before you delete it.');
    }
    const taken = await this.#store.take(id);
    if (!taken) throw new PeerError('no-such-game', 'This device does not keep that game.');
    this.#open.get(id)?.close();
    for (const session of this.#sessions()) if (session.keeps(id)) session.forget(id);
    return taken;
  }

  /** @param {ForgottenGame} game */
  async restore(game) {
    this.#check();
    await this.#store.give(/** @type {Taken} */ (game));
  }

  /** A copy: whoever gets it must not be able to change the one in use. */
  secret() {
    return this.#secret.slice();
  }

  /** @param {Uint8Array} secret */
  playerOf(secret) {
    try {
      const core = new this.#wasm.PeerCore(secret);
      const { player } = core;
      core.free();
      return player;
    } catch {
      return null;
    }
  }

  /** @param {Uint8Array} secret */
  async adopt(secret) {
    this.#check();
    this.#checkWriter();
    if (this.playerOf(secret) === null) throw badInput('This is no key of a player.');
    await this.#store.adopt(secret.slice(), this.player);
  }

  async close() {
    if (this.#closed) return;
    for (const game of this.#open.values()) game.close();
    this.#closed = true;
    removeEventListener('online', this.#renew);
    removeEventListener('offline', this.#poke);
    document.removeEventListener('visibilitychange', this.#visible);
    document.removeEventListener('resume', this.#poke);
    for (const session of this.#sessions()) session.stop();
    await this.#writer.release();
    this.#store.close();
  }

  /**
   * The lobby is asked for while someone listens.
   *
   * @override
   * @type {EventTarget['addEventListener']}
   */
  addEventListener(type, listener, options) {
    super.addEventListener(type, listener, options);
    if (type === 'seeks' && listener) {
      this.#lobbyListeners.add(listener);
      this.#home.setLobby(true);
    }
  }

  /**
   * @override
   * @type {EventTarget['removeEventListener']}
   */
  removeEventListener(type, listener, options) {
    super.removeEventListener(type, listener, options);
    if (type === 'seeks' && this.#lobbyListeners.delete(listener) && !this.#lobbyListeners.size) {
      this.#home.setLobby(false);
    }
  }

  *#sessions() {
    yield this.#home;
    yield* this.#others.values();
  }

  /**
   * @param {string[]} relays
   * @param {string | null} relay
   */
  #newSession(relays, relay) {
    const session = new RelaySession({
      core: new this.#wasm.PeerCore(this.#secret),
      dial: guarded(/** @type {Dial} */ (this.#wasm.dial)),
      store: this.#store,
      holder: () => this.#writer.holder,
      distrust: this.#distrust,
      tokens: this.#tokens,
      relays,
      relay,
      transport: this.#transport,
      hooks: {
        onChanged: (id) => {
          // Being connected is a change too, before the relay has said what the game is.
          if (session.state(id)) this.#opening.get(id)?.known(session);
          const game = this.#open.get(id);
          game?.changed();
          const state = game?.state ?? (session.keeps(id) ? session.state(id) : null);
          if (state && this.#writer.held) {
            void session.summarize(state).then((kept) => kept && this.#tell('games', null));
          }
        },
        onUnknown: (id) => this.#opening.get(id)?.unknown(session),
        onNotice: (id, notice) => this.#open.get(id)?.noticed(notice),
        onSaid: (id, line) => this.#open.get(id)?.said(line),
        onConnection: () => {
          for (const opening of this.#opening.values()) opening.look();
          this.#onConnection();
        },
        onSeeks: (seeks) => {
          if (session === this.#home) this.#tell('seeks', seeks);
        },
      },
    });
    return session;
  }

  /**
   * The session for a game's relay: that of the page, unless the link names another one.
   *
   * @param {string | null} relay
   */
  async #sessionFor(relay) {
    if (relay === null || (await this.#home.serves(relay))) return this.#home;
    for (const session of this.#others.values()) {
      if (await session.serves(relay)) return session;
    }
    const session = this.#newSession([relay], relay);
    this.#others.set(relay, session);
    session.run(session.core.set_writer(this.#writer.held));
    session.start();
    return session;
  }

  /**
   * @param {GameId} id
   * @param {RelaySession} session
   */
  #handle(id, session) {
    const open = this.#open.get(id);
    if (open) return open;
    const state = session.state(id);
    if (!state) throw new PeerError('no-such-game', 'Nothing is known of this game.');
    const game = new Game(id, session, state, () => {
      this.#open.delete(id);
      this.#leave(session);
    });
    this.#open.set(id, game);
    return game;
  }

  /** @param {RelaySession} session */
  #show(session) {
    this.#front = session;
    this.#onConnection();
  }

  /**
   * A game of this session was closed. Another relay's session that has none left ends.
   *
   * @param {RelaySession} session
   */
  #leave(session) {
    if (session === this.#home || [...this.#open.values()].some((game) => game.uses(session)))
      return;
    if (this.#front === session) this.#show(this.#home);
    if (session.isIdle) {
      session.stop();
      for (const [relay, other] of this.#others) {
        if (other === session) this.#others.delete(relay);
      }
    }
  }

  #onConnection() {
    // Asked for while the first session is being made.
    if (!this.#front) return;
    const connection = this.connection;
    const text = JSON.stringify(connection);
    if (text === this.#lastConnection || this.#closed) return;
    this.#lastConnection = text;
    this.#tell('connection', connection);
  }

  /** @param {boolean} held */
  async #onWriter(held) {
    if (this.#closed) return;
    if (held) {
      // The other tab has written what is not known here.
      await this.#unfinished().then(
        (games) => this.#resume(games),
        () => {},
      );
    }
    for (const session of this.#sessions()) session.becomeWriter(held);
    this.#tell('writer', held);
  }

  /** The games of this device that go on, and those that are open here. */
  async #unfinished() {
    const games = await this.#store.games();
    return games
      .filter(({ id, summary }) => this.#open.has(id) || summary?.phase !== 'over')
      .slice(0, MAX_RESUMED);
  }

  /** @param {KeptGame[]} games */
  async #resume(games) {
    for (const { id } of games) {
      try {
        const kept = await this.#store.game(id);
        if (kept) (await this.#sessionFor(kept.game.relay)).load(kept);
      } catch {
        // A game that cannot be read must not keep the others from being played.
      }
    }
  }

  /**
   * @param {GameOptions} options
   */
  #newGame(options) {
    const { clock, colour, startFen = START_FEN, variant = 'standard', opponent } = options ?? {};
    if (variant !== 'standard' && variant !== 'chess960') throw badInput('No such variant.');
    if (typeof startFen !== 'string') throw badInput('The start position must be a FEN.');
    if (colour !== 'white' && colour !== 'black' && colour !== 'random') {
      throw badInput('The colour must be white, black or random.');
    }
    const made = new this.#wasm.NewGameOptions(variant === 'chess960', startFen);
    if (clock?.kind === 'live') {
      if (!isWhole(clock.initialS, 1, 86_400) || !isWhole(clock.incrementS, 0, 3600)) {
        throw badInput('A clock has 1 to 86,400 seconds and an increment of at most 3,600.');
      }
      made.live(clock.initialS, clock.incrementS);
    } else if (clock?.kind === 'days') {
      if (!isWhole(clock.days, 1, 366)) throw badInput('A move may take 1 to 366 days.');
      made.days(clock.days);
    } else if (clock?.kind !== 'none') {
      throw badInput('The clock must be none, live or days.');
    }
    if (colour !== 'random') made.colour(colour === 'white');
    if (opponent !== undefined) made.opponent(String(opponent));
    made.flags(Boolean(options.takebacks), Boolean(options.listed));
    return made;
  }

  #check() {
    if (this.#closed) throw new PeerError('closed', 'This player was closed by the page.');
  }

  #checkWriter() {
    if (!this.#writer.held) {
      throw new PeerError('read-only-tab', 'Another tab plays now; this one only watches.');
    }
  }

  /**
   * @param {string} type
   * @param {Connection | Seek[] | boolean | null} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
