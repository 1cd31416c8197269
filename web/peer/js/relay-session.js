// The games that are played through one relay, or through another one beside it where there are two: carries out what the core asks for, in its order. Nothing of the
// player's own is sent before it is stored.

import { dialable, peerOf, resolveRelays, transportOf } from './addresses.js';
import { DirectChannels } from './direct-channels.js';
import { Distrust, isGrave } from './distrust.js';
import { PeerError } from './errors.js';
import { RelayLine } from './relay-line.js';

/**
 * @import { Connection, GameId, GameState, Notice, SaidLine, Seek } from './index.d.ts'
 * @import { OtherVersion } from './addresses.js'
 * @import { Dial } from './connector.js'
 * @import { PeerCore } from './rookery_web_peer.js'
 * @import { KeptGame, Store } from './store.js'
 * @import { Tokens } from './tokens.js'
 */

/**
 * @typedef {object} SessionHooks
 * @property {(id: GameId) => void} onChanged
 * @property {(id: GameId) => void} onUnknown
 * @property {(id: GameId, notice: Notice) => void} onNotice
 * @property {(id: GameId, line: SaidLine) => void} onSaid
 * @property {() => void} onConnection
 * @property {(seeks: Seek[]) => void} onSeeks
 */

/** How often what waits is looked at, in ms. */
const TICK_MS = 250;
/** Rounds in vain before the page says that it is offline. */
const PATIENCE = 6;

/** @type {Record<'ws' | 'webrtc', string>} */
const NAMES = { ws: 'WebSocket', webrtc: 'WebRTC' };

/** @type {Record<OtherVersion, string>} */
const OTHER_VERSION = {
  newer:
    'The relay is newer than this page, and they no longer understand each other. Reload the page to get its newest version; your games are kept.',
  older:
    'The relay is older than this page, and they do not understand each other. Whoever runs it has to update it; your games are kept.',
  other:
    'The relay and this page do not understand each other: their versions differ. Reload the page to get its newest version; your games are kept.',
};

/** @type {Record<'needed' | 'wrong', string>} */
const TOKEN = {
  needed: 'This relay is private: paste the word your host gave you.',
  wrong:
    'The relay does not take that word: it is mistyped, or your host has given out another one.',
};

const NO_RELAY =
  'There is no relay here, so other people are out of reach. The computer can be played, and two can play at one board.';

export class RelaySession {
  /** @type {import('./addresses.js').Place} */
  #place;
  /** @type {Seek[]} */
  seeks = [];
  #core;
  #dial;
  #store;
  #holder;
  #distrust;
  #tokens;
  #hooks;
  #relays;
  #relay;
  /** Both connections; the core knows them by their place. @type {RelayLine[]} */
  #lines;
  /** Which of them new games go to. */
  #front = 0;
  /** Whether the second one dials. */
  #standby = false;
  #directs;
  #timer;
  /** @type {ReturnType<typeof resolveRelays> | null} */
  #known = null;
  /** Set while the relay is known to speak no version that this page does. @type {OtherVersion | null} */
  #other = null;
  /** There is no relay to dial. */
  #none = false;
  /** @type {string[]} */
  #addresses = [];
  /** Those of relays that these name as their standbys. @type {string[]} */
  #aside = [];
  /** What helps devices to find each other. @type {RTCIceServer[]} */
  #ice = [];
  /** Games that this device keeps, with what their summary was last. @type {Map<GameId, string>} */
  #kept = new Map();
  /** @type {(() => void)[]} */
  #readyWaiters = [];
  /** New games that the relay is to take. @type {Map<GameId, (refusal: Notice | null) => void>} */
  #placing = new Map();

  /**
   * @param {object} options
   * @param {PeerCore} options.core
   * @param {Dial} options.dial
   * @param {Pick<Store, 'put' | 'remove' | 'summarize'>} options.store
   * @param {() => string | null} options.holder The lease that writes must hold.
   * @param {string[]} options.relays Multiaddrs or http(s) addresses.
   * @param {Tokens} options.tokens What opens private relays.
   * @param {Distrust} options.distrust Relays that are left where there is another one.
   * @param {string | null} options.relay What is kept with the games, where it is no relay of the page's own.
   * @param {'ws' | 'webrtc'} [options.transport]
   * @param {SessionHooks} options.hooks
   */
  constructor({ core, dial, store, holder, distrust, tokens, relays, relay, transport, hooks }) {
    this.#core = core;
    this.#dial = dial;
    this.#store = store;
    this.#holder = holder;
    this.#distrust = distrust;
    this.#tokens = tokens;
    this.#relays = relays;
    this.#none = relays.length === 0;
    this.#relay = relay;
    this.#hooks = hooks;
    const { hostname, protocol } = location;
    const place = (this.#place = {
      host: hostname.replace(/^\[|\]$/g, ''),
      secure: protocol === 'https:',
      transport,
    });
    this.#lines = [0, 1].map((index) => this.#newLine(index));
    this.#directs = new DirectChannels({
      core,
      run: (outputs) => this.run(outputs),
      ice: () => this.#ice,
    });
    this.#timer = setInterval(() => this.run(core.tick()), TICK_MS);
  }

  /** @param {number} index */
  #newLine(index) {
    const core = this.#core;
    return new RelayLine({
      dial: this.#dial,
      resolve: async () => {
        // The second one dials what the first one found, unless it fails.
        if (index === 0 || this.#lines[index].failures % 4 === 3) await this.#look();
        return this.#candidates(index);
      },
      nobody: () =>
        this.#none ||
        this.#lines[index].token !== null ||
        (index === 1 && this.#candidates(index).length === 0),
      hooks: {
        onOpen: (link) => {
          core.set_token(index, this.#tokens.of(link.peer));
          core.connected(index, link.from, link.to);
        },
        onFrame: (frame) => this.#onFrame(index, frame),
        onClose: () => this.#onClose(index),
        onWait: () => this.#hooks.onConnection(),
        onFail: (error) => {
          if (PeerError.from(error).message.includes('negotiation')) this.#other = 'other';
        },
      },
    });
  }

  /** Asks the relays for their addresses. */
  async #look() {
    this.#known = resolveRelays(this.#relays);
    const { addresses, other, none, ice, standby } = await this.#known;
    // One that does not answer must not hold up the others.
    void this.#lookAside(standby);
    // Where nothing answers what was known is still the best guess.
    if (none || addresses.length > 0) this.#addresses = addresses;
    if (none || ice.length > 0) this.#ice = ice;
    if (other || addresses.length > 0) this.#other = other;
    if (none !== this.#none) {
      this.#none = none;
      this.#hooks.onConnection();
    }
  }

  /**
   * Asks for the addresses of relays at which games can go on.
   *
   * @param {string[]} standbys
   */
  async #lookAside(standbys) {
    if (standbys.length === 0) return;
    const { addresses } = await resolveRelays(standbys);
    if (addresses.length > 0) this.#aside = addresses;
    this.#standBy();
  }

  /** Keeps a second connection, where there is a second relay. */
  #standBy() {
    if (this.#standby || !this.#lines[0].ready || this.#candidates(1).length === 0) return;
    this.#standby = true;
    this.#lines[1].connector.start();
  }

  /**
   * What a connection may dial: no relay that the other one is connected to.
   *
   * @param {number} index
   */
  #candidates(index) {
    const taken = this.#lines[1 - index].peer;
    const own = dialable(this.#addresses, this.#place);
    const all = new Set([...own, ...dialable(this.#aside, this.#place)]);
    return this.#distrust.choose([...all]).filter((address) => !taken || peerOf(address) !== taken);
  }

  start() {
    if (!this.#none) this.#lines[0].connector.start();
  }

  stop() {
    clearInterval(this.#timer);
    this.#directs.stop();
    for (const { connector } of this.#lines) connector.stop();
  }

  poke() {
    for (const { connector } of this.#lines) connector.poke();
    this.#directs.poke();
  }

  renew() {
    for (const { connector } of this.#lines) connector.renew();
    this.#directs.poke();
  }

  /**
   * The token of a relay is known now: it is dialled at once where it waits for one.
   *
   * @param {string} relay
   */
  opened(relay) {
    for (const line of this.#lines) {
      if (line.token === null || line.last !== relay) continue;
      line.token = null;
      line.bye = null;
      line.connector.poke();
    }
    this.#hooks.onConnection();
  }

  get #line() {
    return this.#lines[this.#front];
  }

  get core() {
    return this.#core;
  }

  /** The address in use, or the one that was; null where none ever was. */
  get address() {
    return this.#line.address ?? this.#addresses.find(transportOf) ?? null;
  }

  /** What a link has to name; null where it is a relay of the page's own. */
  get relay() {
    return this.#relay;
  }

  get isReady() {
    return this.#line.ready;
  }

  /** @returns {Connection} */
  get connection() {
    const { ready, address, transport, wasReady, failures, rttMs, logBusy, token, last } =
      this.#line;
    const state = ready
      ? 'connected'
      : this.#none || failures >= PATIENCE || this.#other || token || !navigator.onLine
        ? 'offline'
        : wasReady
          ? 'reconnecting'
          : 'connecting';
    return {
      state,
      words: this.#words(state, transport),
      relay: ready ? address : null,
      transport,
      rttMs: ready ? rttMs : null,
      logBusy: ready && logBusy,
      otherVersion: !ready && this.#other !== null,
      noRelay: !ready && this.#none,
      token: !ready && token && last ? { relay: last, state: token } : null,
    };
  }

  /**
   * @param {Connection['state']} state
   * @param {'ws' | 'webrtc' | null} transport
   */
  #words(state, transport) {
    const { logBusy, bye, token } = this.#line;
    if (state === 'connected' && logBusy) {
      return 'The relay cannot save moves right now; they wait and are sent again.';
    }
    if (state === 'connected' && transport) return `Connected to the relay by ${NAMES[transport]}.`;
    if (this.#none) return NO_RELAY;
    if (this.#other) return OTHER_VERSION[this.#other];
    if (token) return TOKEN[token];
    if (bye) return bye;
    if (state === 'offline') {
      return navigator.onLine
        ? 'No relay answers. Trying again; moves are kept until then.'
        : 'This device is offline. Moves are kept until it is back.';
    }
    return state === 'reconnecting'
      ? 'The connection is lost. Reconnecting; moves are kept.'
      : 'Connecting to the relay…';
  }

  /**
   * Whether an address is one of this session's relay.
   *
   * @param {string} address
   */
  async serves(address) {
    if (this.#relays.includes(address)) return true;
    const peer = peerOf(address);
    this.#known ??= resolveRelays(this.#relays);
    const { addresses } = await this.#known;
    return addresses.some((own) => own === address || (peer !== null && peerOf(own) === peer));
  }

  /**
   * The lobby. A relay that this page cannot dial is not named: the page's own relay passes on what goes there.
   *
   * @returns {Seek[]}
   */
  #readSeeks() {
    const seeks = /** @type {(Seek & { relays: string[] })[]} */ (JSON.parse(this.#core.seeks()));
    return seeks.map(({ relays, ...seek }) => ({
      ...seek,
      relay: dialable(relays, this.#place)[0] ?? null,
    }));
  }

  /**
   * Resolves when the relay's session is ready.
   *
   * @param {number} withinMs
   * @returns {Promise<void>} Rejects with code `offline` after that time.
   */
  ready(withinMs) {
    return new Promise((resolve, reject) => {
      if (this.isReady) return resolve();
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#readyWaiters = this.#readyWaiters.filter((waiter) => waiter !== done);
        reject(new PeerError('offline', this.connection.words));
      }, withinMs);
      this.#readyWaiters.push(done);
    });
  }

  /**
   * Resolves when the relay has a new game, or when it cannot be asked for so long: then it gets it later.
   *
   * @param {GameId} id
   * @param {number} withinMs
   * @returns {Promise<void>} Rejects with the relay's code where it does not take the game, which is then forgotten.
   */
  async placed(id, withinMs) {
    const refusal = await new Promise((/** @type {(refusal: Notice | null) => void} */ resolve) => {
      if (this.#core.is_live(id)) return resolve(null);
      this.#placing.set(id, resolve);
      setTimeout(() => resolve(null), withinMs);
    });
    this.#placing.delete(id);
    if (!refusal) return;
    this.#core.forget(id);
    await this.#drop(id);
    throw new PeerError(refusal.code, refusal.words);
  }

  /**
   * Takes back an own open invitation, or one that was ended so that others know; this device forgets it.
   *
   * @param {GameId} id
   */
  async withdraw(id) {
    try {
      if (this.state(id)?.phase === 'over') {
        this.run(this.#core.close(id));
        this.#core.forget(id);
      } else this.run(this.#core.withdraw(id));
    } catch (error) {
      throw PeerError.from(error);
    }
    await this.#drop(id);
  }

  /**
   * Knows nothing of a game any more; what is stored of it is the caller's business.
   *
   * @param {GameId} id
   */
  forget(id) {
    this.#core.forget(id);
    this.#kept.delete(id);
  }

  /**
   * A session with the same relay for another key; it tells nobody anything.
   *
   * @param {PeerCore} core
   * @param {Pick<Store, 'put' | 'remove' | 'summarize'>} store
   */
  fork(core, store) {
    const { address } = this;
    const nothing = () => {};
    return new RelaySession({
      core,
      dial: this.#dial,
      store,
      holder: () => null,
      distrust: this.#distrust,
      tokens: this.#tokens,
      relays: address ? [address] : this.#relays,
      relay: null,
      transport: this.#place.transport,
      hooks: {
        onChanged: nothing,
        onUnknown: nothing,
        onNotice: nothing,
        onSaid: nothing,
        onConnection: nothing,
        onSeeks: nothing,
      },
    });
  }

  /** @param {GameId} id */
  async #drop(id) {
    this.#kept.delete(id);
    await this.#store.remove(id);
  }

  /**
   * Takes up a game that this device keeps.
   *
   * @param {{ game: KeptGame, items: Uint8Array }} kept
   */
  load({ game, items }) {
    const outputs = this.#core.load(items, game.notes ?? new Uint8Array());
    this.#kept.set(game.id, JSON.stringify(game.summary));
    this.run(outputs);
  }

  /** Whether this device keeps no game of this relay. */
  get isIdle() {
    return this.#kept.size === 0;
  }

  /** @param {GameId} id */
  keeps(id) {
    return this.#kept.has(id);
  }

  /**
   * @param {GameId} id
   * @returns {GameState | null}
   */
  state(id) {
    const text = this.#core.state(id);
    return text === undefined ? null : JSON.parse(text);
  }

  /**
   * Another tab may have written, or this one may sign now: the relay is to hear who this is.
   *
   * @param {boolean} writer
   */
  becomeWriter(writer) {
    this.run(this.#core.set_writer(writer));
    for (const { connector } of this.#lines) connector.drop('writer');
  }

  /** @param {boolean} on */
  setLobby(on) {
    this.run(this.#core.set_lobby(on));
    if (!on) this.seeks = [];
  }

  /**
   * Carries out a wish of the page: the promise resolves when what it signed is stored and on its way.
   *
   * @param {() => unknown[]} wish
   * @returns {Promise<GameId | null>} The game that was stored, if any.
   */
  async wish(wish) {
    /** @type {unknown[]} */
    let outputs;
    try {
      outputs = wish();
    } catch (error) {
      throw PeerError.from(error);
    }
    const [stored] = await Promise.all(this.#carryOut(outputs));
    return stored ?? null;
  }

  /**
   * Carries out what came by itself; a failure to store is told as a notice.
   *
   * @param {unknown[]} outputs
   */
  run(outputs) {
    for (const storing of this.#carryOut(outputs)) storing.catch(() => {});
  }

  /**
   * Leaves a relay that was found to lie where there is another one: at once, or where it orders a game with a clock, when that has gone to
   * another relay or is over. New games go there no more.
   */
  #leave() {
    for (const [index, line] of this.#lines.entries()) {
      const { address } = line;
      if (!line.ready || !address || this.#distrust.trusts(address)) continue;
      const other = this.#lines[1 - index];
      if (index === this.#front && other.address && this.#distrust.trusts(other.address)) {
        this.#show(1 - index);
      }
      const others = this.#candidates(index);
      const bound = [...this.#kept.keys()].some((id) => {
        const game = this.state(id);
        return (
          game?.phase === 'playing' && game.clock.kind !== 'none' && this.#core.at(id) === index
        );
      });
      if (!bound && !others.includes(address)) line.connector.leave(others);
    }
  }

  /**
   * The relay that a game is played at was found to lie.
   *
   * @param {GameId} id
   */
  #accuse(id) {
    const { ready, address } = this.#lines[this.#core.at(id)];
    if (!ready || !address) return;
    this.#distrust.add(address);
    this.#leave();
  }

  /**
   * New games go to the relay of this connection from now on, if it is there.
   *
   * @param {number} index
   */
  #show(index) {
    if (index === this.#front || !this.#lines[index].ready) return;
    this.#front = index;
    this.run(this.#core.set_front(index));
    this.#hooks.onConnection();
  }

  /**
   * @param {number} index
   * @param {Uint8Array} frame
   */
  #onFrame(index, frame) {
    const line = this.#lines[index];
    let outputs;
    try {
      outputs = this.#core.receive(index, frame);
    } catch (error) {
      // What cannot be read before the two have agreed on a version is of another one.
      if (line.ready) line.bye = PeerError.from(error).message;
      else this.#other = 'other';
      line.connector.drop('bad frame');
      return;
    }
    this.run(outputs);
  }

  /** @param {number} index */
  #onClose(index) {
    this.run(this.#core.disconnected(index));
    if (index === this.#front) this.#show(1 - index);
    this.#hooks.onConnection();
  }

  /**
   * @param {RelayLine} line
   * @param {string} code Of the relay's last words.
   */
  #onToken(line, code) {
    if (code === 'wrong-token') {
      line.token = 'wrong';
      if (line.last) this.#tokens.drop(line.last);
    } else if (code === 'token-needed') line.token ??= 'needed';
  }

  /** @param {number} index */
  #onReady(index) {
    const line = this.#lines[index];
    this.#other = null;
    line.confirm();
    if (!this.#line.ready) this.#show(index);
    for (const waiter of this.#readyWaiters.splice(0)) waiter();
    const other = this.#lines[1 - index];
    if (line.peer === other.peer) {
      // Both have come to one relay: the one behind looks for another.
      const behind = 1 - this.#front;
      this.#lines[behind].connector.leave(this.#candidates(behind));
    } else this.#standBy();
    this.#hooks.onConnection();
  }

  /**
   * @param {unknown[]} outputs
   * @returns {Promise<GameId>[]} What is being stored with someone waiting for it.
   */
  #carryOut(outputs) {
    /** @type {Set<GameId>} */
    const changed = new Set();
    /** @type {Promise<GameId>[]} */
    const storing = [];
    for (const [kind, ...args] of /** @type {[string, ...any[]][]} */ (outputs)) {
      switch (kind) {
        case 'send':
          this.#lines[args[0]].connector.send(args[1]);
          break;
        case 'store':
          storing.push(this.#save(args[0], args[1], args[2], args[3]));
          break;
        case 'ready':
          this.#onReady(args[0]);
          break;
        case 'beat':
          Object.assign(this.#lines[args[0]], { rttMs: args[1] || null, logBusy: args[2] });
          this.#hooks.onConnection();
          break;
        case 'bye':
          this.#lines[args[0]].bye = args[2];
          this.#onToken(this.#lines[args[0]], args[1]);
          if (args[1] === 'no-version') this.#other = 'other';
          break;
        case 'changed':
          changed.add(args[0]);
          break;
        case 'unknown':
          this.#hooks.onUnknown(args[0]);
          break;
        case 'notice':
          if (isGrave(args[1])) this.#accuse(args[0]);
          this.#placing.get(args[0])?.({ code: args[1], words: args[2] });
          this.#hooks.onNotice(args[0], { code: args[1], words: args[2] });
          break;
        case 'said':
          this.#hooks.onSaid(args[0], { by: args[1], text: args[2], atMs: args[3] });
          break;
        case 'signal':
          this.#directs.heard(args[0], args[1]);
          break;
        case 'direct':
          this.#directs.send(args[0], args[1]);
          break;
        case 'carry-over':
          this.#directs.carryOver(args[0], args[1]);
          break;
        case 'seeks':
          this.seeks = this.#readSeeks();
          this.#hooks.onSeeks(this.seeks);
          break;
      }
    }
    for (const id of changed) {
      if (this.#placing.has(id) && this.#core.is_live(id)) this.#placing.get(id)?.(null);
      this.#hooks.onChanged(id);
      this.#directs.look(id);
    }
    if (changed.size > 0) this.#leave();
    return storing;
  }

  /**
   * @param {number} token Zero where nothing waits for it.
   * @param {GameId} id
   * @param {Uint8Array | null} notes
   * @param {Uint8Array[]} items
   */
  async #save(token, id, notes, items) {
    if (notes && !this.#kept.has(id)) this.#kept.set(id, 'null');
    const what = {
      id,
      notes,
      items,
      relay: this.#relay,
      strict: token > 0,
      holder: this.#holder(),
    };
    try {
      await this.#store.put(what);
    } catch (error) {
      const failure = PeerError.from(error, 'storage');
      if (token > 0) {
        this.run(this.#core.not_stored(token));
        this.#hooks.onNotice(id, { code: failure.code, words: failure.message });
      }
      throw failure;
    }
    if (token > 0) this.run(this.#core.stored(token));
    return id;
  }

  /**
   * Keeps what the list of games shows, where it changed.
   *
   * @param {GameState} state
   * @returns {Promise<boolean>} Whether the list is another one now.
   */
  async summarize({ id, you, white, black, ply, phase, result, clock, turn, goesOnIn }) {
    const before = this.#kept.get(id);
    if (before === undefined) return false;
    const opponent = you === 'white' ? black : you === 'black' ? white : null;
    const summary = { you, opponent, ply, phase, result, clock, turn, goesOnIn };
    const text = JSON.stringify(summary);
    if (text === before) return false;
    this.#kept.set(id, text);
    // The list may be a little behind; the game itself is not.
    return this.#store.summarize(id, summary).then(
      () => true,
      () => false,
    );
  }
}
