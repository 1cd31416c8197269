// The one error that this package throws.

/** What went wrong, with a stable code and one sentence for a person. */
export class PeerError extends Error {
  /**
   * @param {string} code
   * @param {string} words
   * @param {unknown} [cause]
   */
  constructor(code, words, cause) {
    super(words, cause === undefined ? undefined : { cause });
    this.name = 'PeerError';
    this.code = code;
  }

  /**
   * Whatever was thrown, as a PeerError.
   *
   * @param {unknown} error
   * @param {string} [code] For what brings none along.
   */
  static from(error, code = 'internal') {
    if (error instanceof PeerError) return error;
    const words = error instanceof Error ? error.message : String(error);
    const own = /** @type {{ code?: unknown }} */ (Object(error)).code;
    return new PeerError(typeof own === 'string' ? own : code, words, error);
  }
}
