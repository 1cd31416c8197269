// The one error type of the package, and the limits of what callers may ask.

/** @import { EngineErrorCode } from './index.d.ts' */

/** Something a caller can act on: `code` says what, `message` says it to a person. */
export class EngineError extends Error {
  /**
   * @param {EngineErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'EngineError';
    /** @type {EngineErrorCode} */
    this.code = code;
  }
}
