// The words that open private relays, by the name of the relay: a word is given to the relay that it is for and to no other one.

/** The longest word that a relay takes, in characters. */
const MAX_TOKEN = 128;

/**
 * Whether a text can be what a host gave: signs of ASCII, without spaces.
 *
 * @param {unknown} token
 * @returns {token is string}
 */
export function isToken(token) {
  return typeof token === 'string' && token.length <= MAX_TOKEN && /^[!-~]+$/.test(token);
}

export class Tokens {
  /** @type {Map<string, string>} */
  #known = new Map();

  /** @param {Readonly<Record<string, string>>} known By peer id; what is no token is left out. */
  constructor(known) {
    for (const [relay, token] of Object.entries(known)) this.set(relay, token);
  }

  /**
   * @param {string} relay Its peer id.
   * @param {string} token
   */
  set(relay, token) {
    if (isToken(token)) this.#known.set(relay, token);
  }

  /** @param {string} relay */
  of(relay) {
    return this.#known.get(relay);
  }

  /**
   * The relay does not take its token: it is not tried again, for each try counts as a guess.
   *
   * @param {string} relay
   */
  drop(relay) {
    this.#known.delete(relay);
  }
}
