// Cuts the text of a PGN file into its games, piece by piece, however large it is. What a game holds is read elsewhere.

/** A game's text may be this long, in characters; the longest annotated ones have some 100,000. */
export const MAX_GAME_CHARS = 1_000_000;

const HEADER = /^\s*\[[A-Za-z0-9][A-Za-z0-9_+#=:-]*\s+"/;
const RESULT_AT_END = /(?:1-0|0-1|1\/2-1\/2|\*)\s*$/;

/** Takes text as it comes and gives whole games, in their order. */
export class PgnSplitter {
  /** What follows the last line break. */
  #rest = '';
  /** @type {string[]} */
  #lines = [];
  #chars = 0;
  #moves = false;
  #comment = false;
  #ended = false;
  /** @type {string[]} */
  #games = [];

  /**
   * @param {string} text
   * @returns {string[]} The games that ended in it. One that is longer than allowed is cut.
   */
  push(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    // A file without line breaks is no PGN, and must not be kept in memory as one line.
    if (this.#rest.length > MAX_GAME_CHARS) {
      lines.push(this.#rest);
      this.#rest = '';
    }
    for (const line of lines) this.#take(line.replace(/\r$/, ''));
    return this.#games.splice(0);
  }

  /** @returns {string[]} What is left at the end of the file. */
  end() {
    this.#take(this.#rest);
    this.#rest = '';
    this.#close();
    return this.#games.splice(0);
  }

  /** @param {string} line */
  #take(line) {
    const blank = line.trim() === '';
    // A comment that was never closed must not swallow the games behind it.
    if (this.#comment && /^\[Event\s+"/.test(line)) this.#comment = false;
    if (!this.#comment && line.startsWith('%')) return;
    if (!this.#comment && !blank) {
      const header = HEADER.test(line);
      if (this.#moves && (header || this.#ended)) this.#close();
      // The blank line between headers and moves.
      if (!header && !this.#moves && this.#lines.length > 0) this.#lines.push('');
      if (!header) this.#moves = true;
    }
    if (blank && !this.#comment) {
      const last = this.#lines.at(-1) ?? '';
      this.#ended = this.#moves && RESULT_AT_END.test(last);
      return;
    }
    if (this.#moves) this.#follow(line);
    this.#chars += line.length + 1;
    if (this.#chars - line.length <= MAX_GAME_CHARS) this.#lines.push(line);
  }

  /**
   * Whether the line ends inside a comment.
   *
   * @param {string} line
   */
  #follow(line) {
    let at = 0;
    while (at >= 0 && at < line.length) {
      if (this.#comment) {
        at = line.indexOf('}', at);
        if (at < 0) return;
        this.#comment = false;
      } else {
        const open = line.indexOf('{', at);
        const rest = line.indexOf(';', at);
        if (open < 0 || (rest >= 0 && rest < open)) return;
        this.#comment = true;
        at = open;
      }
      at += 1;
    }
  }

  #close() {
    if (this.#lines.length > 0) this.#games.push(this.#lines.join('\n'));
    this.#lines = [];
    this.#chars = 0;
    this.#moves = false;
    this.#comment = false;
    this.#ended = false;
  }
}
