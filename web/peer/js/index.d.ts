/**
 * @rookery/peer: play signed chess games over libp2p relays, from a page.
 *
 * The peer lives on the main thread (WebRTC does not exist in workers). It keeps keys, games and unsent records in
 * IndexedDB; one tab writes per key, the others watch.
 */

/** 64 lower-case hex digits: SHA-256 of the game's genesis. */
export type GameId = string;
/** 64 lower-case hex digits: an Ed25519 public key of a player. */
export type PlayerKey = string;
export type Colour = 'white' | 'black';

export type Clock =
  | { kind: 'none' }
  /** `initialS` + `incrementS` seconds. */
  | { kind: 'live'; initialS: number; incrementS: number }
  /** Whole days for each move. */
  | { kind: 'days'; days: number };

export interface PeerOptions {
  /** Relays to use, in order of preference: multiaddrs, or http(s) base URLs whose `/.well-known/rookery.json` is read. */
  relays?: string[];
  /** Forces one transport. Default: WebSocket first, then WebRTC-direct. */
  transport?: 'ws' | 'webrtc';
  /** Where the wasm lies. Default: beside this module. */
  wasmUrl?: string | URL;
  /** What opens private relays, by peer id: each goes to that relay alone. */
  tokens?: Readonly<Record<string, string>>;
  /** IndexedDB database name. Default `rookery`. */
  database?: string;
}

export interface Connection {
  state: 'offline' | 'connecting' | 'connected' | 'reconnecting';
  /** One sentence for a person. */
  words: string;
  relay: string | null;
  transport: 'ws' | 'webrtc' | null;
  /** Last measured round trip to the relay. */
  rttMs: number | null;
  /** The relay said its log cannot be written now. */
  logBusy: boolean;
  /** The relay speaks no version of the protocol that this package does: a newer page may. */
  otherVersion?: boolean;
  /** No relay is named, or the host that is named answers that there is none. One that does not answer is not meant. */
  noRelay?: boolean;
  /** The relay, by its peer id, is private: it wants a token (see {@link Peer.setToken}), or does not take the one that it got. */
  token?: { relay: string; state: 'needed' | 'wrong' } | null;
}

export interface GameOptions {
  clock: Clock;
  colour: Colour | 'random';
  /** Canonical FEN; default the standard position. */
  startFen?: string;
  variant?: 'standard' | 'chess960';
  takebacks?: boolean;
  /** Listed in the lobby of every relay that hears of it. */
  listed?: boolean;
  /** Reserves the other seat for this key. */
  opponent?: PlayerKey;
}

export interface GameSummary {
  id: GameId;
  /** ms since 1970, when this device first saw it. */
  createdMs: number;
  you: Colour | null;
  opponent: PlayerKey | null;
  ply: number;
  phase: GameState['phase'];
  result: Result | null;
  /** The relay that its link named, as a multiaddr; null for one of the page's own. */
  relay: string | null;
  /** Missing in a summary from before it was kept. */
  clock?: Clock;
  /** Whose move it is while it goes on; missing in a summary from before it was kept. */
  turn?: Colour;
  /** The game without a clock in which its players went on. */
  goesOnIn?: GameId | null;
}

/** A game that this device has forgotten, to be given back as it was. */
export interface ForgottenGame {
  readonly id: GameId;
}

export interface Result {
  outcome: '1-0' | '0-1' | '1/2-1/2' | '*';
  /** Stable words: checkmate, stalemate, dead-position, fivefold, seventy-five, record-limit, resignation, agreement, threefold,
   *  fifty, timeout, timeout-vs-insufficient, abort, no-show, equivocation, continued. */
  reason: string;
}

export interface PlayedMove {
  /** Plies from the start position, 1 for the first. */
  ply: number;
  uci: string;
  san: string;
  fen: string;
}

/** A snapshot; a new object on every change. */
export interface GameState {
  id: GameId;
  /** open: no one has sat down; playing; over. */
  phase: 'open' | 'playing' | 'over';
  variant: 'standard' | 'chess960';
  startFen: string;
  clock: Clock;
  takebacks: boolean;
  creator: PlayerKey;
  white: PlayerKey | null;
  black: PlayerKey | null;
  /** Who alone may take the other seat; null where anybody may. */
  keptFor: PlayerKey | null;
  you: Colour | null;
  /** Set when you asked for the seat: waiting, seated, or refused because another player's Seat record was signed. */
  seat: 'none' | 'waiting' | 'seated' | 'refused';
  /** Whether each player has a session at a relay right now; null when unknown. */
  present: { white: boolean | null; black: boolean | null };
  /** The confirmed position. */
  fen: string;
  ply: number;
  turn: Colour;
  check: boolean;
  moves: PlayedMove[];
  /** Legal destinations by origin square in the confirmed position; castling is the king's two-step. Empty unless it is your turn. */
  dests: Record<string, string[]>;
  /** Own move that is stored and sent but not yet confirmed by a receipt (clocked) or by the relay's storage (untimed). */
  pending: { uci: string; fen: string } | null;
  offers: { draw: Colour | null; takeback: { by: Colour; toPly: number } | null };
  can: {
    move: boolean;
    resign: boolean;
    abort: boolean;
    claimDraw: boolean;
    acceptDraw: boolean;
    askTakeback: boolean;
    acceptTakeback: boolean;
    /** `leaveClock` offers, or accepts. */
    leaveClock: boolean;
  };
  result: Result | null;
  /** How moves reach the other player now. `direct`: from device to device, and by the relay as well where there is one. */
  path: 'relay' | 'direct' | 'none';
  /**
   * How a clocked game that this player plays stands with the relay that orders it. `heard`: well, or nothing is known to the contrary;
   * also in an untimed game. Where it is silent the clock stands: `away`: no other relay of the game is in reach; `alone`: one is, and the
   * other player is not there; `moving`: the game is being moved to it. `asked`: the other player asks to move it, and this one
   * hears its relay.
   */
  home: 'heard' | 'asked' | 'away' | 'alone' | 'moving';
  /**
   * Whether this device may sign in it. `elsewhere`: another device with this key plays it; `unheard`: it was taken over here, and neither
   * the relay nor the opponent has told yet how it stands.
   */
  device: 'here' | 'elsewhere' | 'unheard';
  /**
   * Going on without the clock, in a clocked game. `offered` by this player; `asked` by the other one; `accepted`: this player accepted,
   * and waits for the other one's Seat.
   */
  leaving: 'none' | 'offered' | 'asked' | 'accepted';
  /** The game without a clock in which both players of this one go on; this one then ends without result when its relay hears of it. */
  goesOnIn: GameId | null;
  /** The game that this one follows. */
  goesOnFrom: GameId | null;
  /**
   * Whether this device may open a channel to the other player's, who then sees its network address. `ask`: the other is a stranger
   * from the lobby, and `allowDirect` has not been called; `none`: nobody to connect to.
   */
  direct: 'none' | 'ask' | 'allowed' | 'refused';
  /** What was found against the relay or a player, in the order in which it was; each kind against each once. */
  findings: Finding[];
}

/** What an honest relay or player does not do. */
export interface Finding {
  /**
   * Stable. Proofs: equivocation, double-receipt, splice, time-runs-back, lapsed-and-committed, invalid-receipt. Complaints: bad-receipt,
   * withheld, unknown-receipt, unconfirmed, clock-complaint.
   */
  code: string;
  against: 'relay' | Colour;
  /** Anybody can check it from what `evidence` gives; else it is this device's word alone. */
  proven: boolean;
  /** For a person. */
  words: string;
}

export interface ClockReading {
  /** Remaining ms, null in an untimed game. */
  whiteMs: number | null;
  blackMs: number | null;
  running: Colour | null;
  /** Remaining ms of a free first move, when one is running. */
  firstMoveMs: number | null;
}

export interface Game extends EventTarget {
  readonly id: GameId;
  readonly state: GameState;
  /** The relay that its link has to name, as a multiaddr; null for one of the page's own. */
  readonly relay: string | null;
  /** Clocks as they stand now, computed from receipts and this device's monotonic time. */
  clocks(): ClockReading;
  /** Asks for the open seat. Resolves when seated; rejects with code `seat-taken` when another's Seat is shown. */
  join(): Promise<void>;
  move(uci: string, options?: { offerDraw?: boolean }): Promise<void>;
  resign(): Promise<void>;
  abort(): Promise<void>;
  /** Accepts an offer, or claims threefold or fifty moves. */
  draw(): Promise<void>;
  /** Offers a draw: rides on the next own move; on the opponent's turn it is kept until then. */
  offerDraw(): Promise<void>;
  askTakeback(): Promise<void>;
  acceptTakeback(): Promise<void>;
  /** Declines what the other player offers or asks for, and takes back what this one does. */
  decline(): Promise<void>;
  /**
   * Plays a game on this device that another one with this key began (`state.device` is `elsewhere`), once the relay has told how it stands;
   * rejects with `unheard` before that.
   */
  takeUp(): Promise<void>;
  /**
   * In a clocked game: offers to go on without the clock, or accepts the other player's offer. When both agreed `state.goesOnIn` names the
   * game to open. An offer is kept, said again when the other player comes, and lapses with the next move.
   */
  leaveClock(): Promise<void>;
  /**
   * Says a line of at most 500 characters to the other player, signed. It reaches who is there now and is kept nowhere. Resolves
   * when it is on its way; rejects with `offline` or `bad-input`.
   */
  say(text: string): Promise<void>;
  /** Lets this device connect to the other player's, or no more; kept with the game. */
  allowDirect(allowed: boolean): Promise<void>;
  /**
   * What this player signed in an untimed game since the other one was last heard, as a text to pass on by hand; empty where there is nothing.
   */
  byHand(): string;
  /**
   * Takes in such a text of the other player's. Rejects with `bad-input` where it is none or is of another game, `nothing-there` where all of
   * it is known, or the code of the rule that forbids it.
   */
  takeByHand(text: string): Promise<void>;
  /** The link others open; everything in the fragment. */
  link(base?: string): string;
  pgn(): string;
  /** The signed game, a DAG-CBOR sequence (`.rook`). */
  export(): Uint8Array;
  /** The same with what a relay sent that is broken: for `rookery-relay verify`, which says what it proves. */
  evidence(): Uint8Array;
  close(): void;
  addEventListener(type: 'change', listener: (event: CustomEvent<GameState>) => void): void;
  /** A player of this game, this one in another tab included, said something. Lines of one's own `say` do not come back. */
  addEventListener(type: 'said', listener: (event: CustomEvent<SaidLine>) => void): void;
  /** A refusal, a proof or a complaint in words: a finding has the code of its kind. */
  addEventListener(type: 'notice', listener: (event: CustomEvent<Notice>) => void): void;
}

/** A line of chat as its author wrote it: text of a stranger, to be shown as text only. */
export interface SaidLine {
  by: Colour;
  text: string;
  /** By its author's clock, ms since 1970. */
  atMs: number;
}

export interface Notice {
  code: string;
  words: string;
}

export interface Seek {
  game: GameId;
  creator: PlayerKey;
  clock: Clock;
  colour: Colour | 'random';
  variant: 'standard' | 'chess960';
  startFen: string;
  /** Who alone may take the seat; null where anybody may. */
  keptFor: PlayerKey | null;
  /** The relay that orders the game, as a multiaddr when known. */
  relay: string | null;
}

export declare class PeerError extends Error {
  /**
   * Stable. Of this package: offline, no-relay, read-only-tab, storage, bad-link, bad-input, no-such-game, nothing-there (to decline
   * or take back), on-its-way (the last move is not confirmed), not-ready, not-a-player, closed, wasm, internal. Of the rules
   * and of relays, as in the protocol: not-your-turn, illegal-move, seat-taken, game-over, no-draw, creator-away, log-full...
   */
  readonly code: string;
}

export interface Peer extends EventTarget {
  readonly player: PlayerKey;
  /** False in a tab that does not hold the writer lock for this key: it watches only. */
  readonly writer: boolean;
  readonly connection: Connection;
  /** Open seeks of the lobby; kept current while at least one listener for `seeks` is attached. */
  readonly seeks: Seek[];
  /**
   * Resolves when the relay has the game, so that its link can be opened; after 4 s without a word also before. Rejects with
   * `offline` or `no-relay` where no relay can be reached.
   */
  create(options: GameOptions): Promise<Game>;
  /**
   * Opens a game for playing or watching: from this device, then from the relay. `relay` comes from the link. Rejects with
   * `offline` where none answers, with `no-relay` where there is none to ask.
   */
  open(id: GameId, options?: { relay?: string }): Promise<Game>;
  /**
   * Takes back an open invitation of one's own: it leaves the lobby, this device seats nobody any more and forgets it. With a
   * relay in reach the game ends as aborted for whoever has its link; without one, or where the seat is kept for somebody, who
   * has the link sees an open game and gets no answer. Rejects with `seat-taken` where somebody sat down at that moment.
   */
  withdraw(id: GameId): Promise<void>;
  /** Games kept on this device, newest first. */
  games(): Promise<GameSummary[]>;
  /** The moves of a game that is kept on this device, whether it is open or not; empty where it cannot be read. */
  pgn(id: GameId): Promise<string>;
  /**
   * Deletes a game from this device that is over, or in which this player has no seat. Rejects with `not-ready` while it goes on.
   */
  forget(id: GameId): Promise<ForgottenGame>;
  /** Undoes `forget`. */
  restore(game: ForgottenGame): Promise<void>;
  /** Reads a signed game from its bytes (`.rook`): nothing is kept. Rejects with `bad-input` where it is none or a part of it is forged. */
  readSigned(bytes: Uint8Array): Promise<{ id: GameId; pgn: string }>;
  /** The player's secret, 32 bytes: whoever has it can sign as this player. */
  secret(): Uint8Array;
  /** The key that a secret belongs to; null where it is none. */
  playerOf(secret: Uint8Array): PlayerKey | null;
  /**
   * Makes this device play with another key, from the next start on: load the page again. The key before it is kept. Rejects
   * with `read-only-tab` where another tab plays.
   */
  adopt(secret: Uint8Array): Promise<void>;
  /**
   * The token that the host of a private relay gave; it is kept until the page closes. Throws `bad-input` where it can be none.
   */
  setToken(relay: string, token: string): void;
  close(): Promise<void>;
  addEventListener(type: 'connection', listener: (event: CustomEvent<Connection>) => void): void;
  addEventListener(type: 'seeks', listener: (event: CustomEvent<Seek[]>) => void): void;
  addEventListener(type: 'writer', listener: (event: CustomEvent<boolean>) => void): void;
  /** What `games` gives has changed. */
  addEventListener(type: 'games', listener: () => void): void;
}

/** Loads the wasm, opens storage, takes the writer lock if it is free, and starts connecting. */
export declare function startPeer(options?: PeerOptions): Promise<Peer>;
/** Parses `#/game/<id>?relay=<multiaddr>` (with or without the page's address before it). Null when it is no such link. */
export declare function parseLink(
  link: string,
): { id: GameId; relay: string | null; transport: 'ws' | 'webrtc' | null } | null;
