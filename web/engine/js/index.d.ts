/**
 * @rookery/engine: a chess engine in a worker, for a page (`@rookery/engine`) or for Node (`@rookery/engine/node.mjs`).
 *
 * It needs no special headers and no shared memory. All times are in milliseconds, all moves in UCI notation.
 *
 * @example
 * const engine = await createEngine({ hashMb: 32 });
 * const { bestmove } = await engine.search({
 *   fen: 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1',
 *   moves: ['e2e4'],
 *   limits: { movetime: 500 },
 *   level: 4,
 * });
 */

export interface EngineOptions {
  /** Hash table in MiB, 1 to 1024 or what the browser gives. Default 16. It is nearly all the memory that is used. */
  hashMb?: number;
  /** Where `rookery_web_engine_bg.wasm` lies. Default: beside the worker. */
  wasmUrl?: string | URL;
  /** Where `worker.js` lies. Default: beside this module. Must be of the page's origin. */
  workerUrl?: string | URL;
}

/** The first limit that is reached ends the search. With none it runs until `stop()`, except below the highest level. */
export interface SearchLimits {
  /** Time for this move. */
  movetime?: number;
  /** Plies of iterative deepening, at least 1. */
  depth?: number;
  /** Positions, at least 1. */
  nodes?: number;
  /** Find a mate in so many moves. */
  mate?: number;
  /** White's and Black's clocks: the engine divides its own. */
  wtime?: number;
  btime?: number;
  /** What White and Black win with each move. */
  winc?: number;
  binc?: number;
  /** Moves until the next time control. */
  movestogo?: number;
  /** Answer only when stopped. */
  infinite?: boolean;
}

/** From the side to move: centipawns, or moves to mate (negative: it is mated). */
export type Score = { cp: number } | { mate: number };

export interface SearchInfo {
  depth: number;
  /** Longest line looked at. */
  seldepth: number;
  /** Which line, from 1. */
  multipv: number;
  score: Score;
  /** The true score is at least (`lowerbound`) or at most (`upperbound`) `score`; absent: exact. */
  bound?: 'lowerbound' | 'upperbound';
  nodes: number;
  /** Nodes a second. */
  nps: number;
  timeMs: number;
  /** How full the hash table is, in thousandths. */
  hashfull: number;
  /** The line that both sides would follow. */
  pv: string[];
}

export interface SearchRequest {
  fen: string;
  /** Moves played since `fen`: repetitions are seen only with them. Default none. */
  moves?: readonly string[];
  limits: SearchLimits;
  /** 1 (beginner) to 8 (full strength, the default). Levels below 8 report only the line that they play. */
  level?: number;
  /** Lines to report, 1 to 256. Default 1. */
  multipv?: number;
  /** Castling is written as king takes rook. Default false. */
  chess960?: boolean;
  /** Aborting stops the search and rejects with the signal's reason. */
  signal?: AbortSignal;
  onInfo?: (info: SearchInfo) => void;
}

export interface SearchResult {
  /** Null when the game is over. */
  bestmove: string | null;
  /** The reply that is expected. */
  ponder: string | null;
  /** What was last thought of the best line; null if it never came to that. */
  info: SearchInfo | null;
}

export type EngineErrorCode =
  /** Not a FEN, or not a legal position. */
  | 'bad-position'
  /** One of `moves` is not UCI or not legal; the message says which. */
  | 'illegal-move'
  | 'bad-limits'
  /** `level`, `multipv` or `hashMb` out of range, or a request that cannot be sent to a worker. */
  | 'bad-option'
  /** The hash table is larger than what there is. */
  | 'no-memory'
  /** The worker or the wasm could not be loaded. */
  | 'load-failed'
  /** The worker failed and answers no more; make another engine. */
  | 'crashed'
  /** `terminate()` was called. */
  | 'terminated';

export class EngineError extends Error {
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions);
  readonly code: EngineErrorCode;
}

export interface Engine {
  /** Forgets all earlier positions. Stops a running search. */
  newGame(): Promise<void>;
  /**
   * Searches. A search that still runs is stopped first and resolves with what it has.
   * Rejects with an `EngineError`, or with the reason of `signal`.
   */
  search(request: SearchRequest): Promise<SearchResult>;
  /** Ends the running search, which resolves within about 50 ms with what it has. */
  stop(): void;
  /** Ends the worker. Whatever still runs rejects with `terminated`. */
  terminate(): void;
}

/** Starts an engine. Rejects with an `EngineError`. */
export function createEngine(options?: EngineOptions): Promise<Engine>;

export interface LevelInfo {
  readonly level: number;
  readonly name: string;
  /** About how strong it is, where it was measured. */
  readonly elo?: number;
}

/** The strength levels, weakest first. */
export const LEVELS: readonly LevelInfo[];
