// The talk beside a game: what is shown of what others wrote, how much of it, and what was asked not to be shown.

/** @import { Colour } from '@rookery/peer' */

/**
 * @typedef {object} ChatLine
 * @property {Colour | null} by Null for words of the page itself.
 * @property {string} text
 *
 * @typedef {object} Chat
 * @property {ChatLine[]} lines Oldest first.
 * @property {number} unread Lines of the opponent that came while it was closed.
 * @property {boolean} open
 * @property {boolean} muted
 * @property {number[]} heardMs When the opponent's last lines came, for the limit.
 * @property {number[]} saidMs The same of one's own.
 */

/** Characters of a line, as the protocol has them. */
export const MAX_CHARS = 500;
/** Lines that are kept. */
const KEPT = 100;
/** Lines of one player within `WINDOW_MS`: more than anybody types, fewer than it takes to drown the other. */
const LIMIT = 12;
const WINDOW_MS = 30_000;

const FLOOD = 'Your opponent writes too much at once; some of it is left out.';

/**
 * @param {boolean} open
 * @returns {Chat}
 */
export const quietChat = (open) => ({
  lines: [],
  unread: 0,
  open,
  muted: false,
  heardMs: [],
  saidMs: [],
});

/**
 * A line as it may be shown: one line of text, without what would change how the text around it is read.
 *
 * @param {string} text
 * @returns {string} Empty where nothing is left.
 */
export function cleanLine(text) {
  const plain = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    // Marks of direction, and what cannot be seen at all.
    .replace(/[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, '')
    // Marks piled up on a letter, which would run over other lines.
    .replace(/(\p{M}{3})\p{M}+/gu, '$1');
  return [...plain.trim()].slice(0, MAX_CHARS).join('').trim();
}

/**
 * @param {Chat} chat
 * @param {ChatLine} line
 * @returns {Chat}
 */
const withLine = (chat, line) => ({ ...chat, lines: [...chat.lines, line].slice(-KEPT) });

/**
 * @param {number[]} times
 * @param {number} nowMs
 */
const recent = (times, nowMs) => times.filter((ms) => nowMs - ms < WINDOW_MS);

/**
 * @param {Chat} chat
 * @param {Colour} by The opponent.
 * @param {string} text As it came.
 * @param {number} nowMs Monotonic.
 * @returns {Chat}
 */
export function hear(chat, by, text, nowMs) {
  const line = cleanLine(text);
  if (chat.muted || line === '') return chat;
  const heardMs = [...recent(chat.heardMs, nowMs), nowMs].slice(-2 * LIMIT);
  if (heardMs.length > LIMIT) {
    const told = chat.lines.at(-1)?.text === FLOOD;
    return told ? { ...chat, heardMs } : withLine({ ...chat, heardMs }, { by: null, text: FLOOD });
  }
  const unread = chat.open ? 0 : chat.unread + 1;
  return withLine({ ...chat, heardMs, unread }, { by, text: line });
}

/**
 * @param {Chat} chat
 * @param {Colour} by
 * @param {string} text
 * @param {number} nowMs
 * @returns {Chat}
 */
export function say(chat, by, text, nowMs) {
  const saidMs = [...recent(chat.saidMs, nowMs), nowMs];
  return withLine({ ...chat, saidMs }, { by, text: cleanLine(text) });
}

/**
 * Whether one more own line may be sent now.
 *
 * @param {Chat} chat
 * @param {number} nowMs
 */
export const maySay = ({ saidMs }, nowMs) => recent(saidMs, nowMs).length < LIMIT;

const KEY = 'rookery-muted';
/** Players that stay muted, the newest last. */
const MUTED_KEPT = 200;

/** @returns {string[]} */
function mutedPlayers() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((player) => typeof player === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string} player Key. */
export const isMuted = (player) => mutedPlayers().includes(player);

/**
 * @param {string} player Key.
 * @param {boolean} muted
 */
export function storeMuted(player, muted) {
  const others = mutedPlayers().filter((other) => other !== player);
  try {
    localStorage.setItem(
      KEY,
      JSON.stringify((muted ? [...others, player] : others).slice(-MUTED_KEPT)),
    );
  } catch {
    // Then it is muted until the page is closed.
  }
}
