// The players that a person follows, kept on this device.

/** @import { PlayerKey } from '@rookery/peer' */

const NAME = 'rookery-follows';
/** More are not followed; the oldest makes room. */
const MOST = 200;

/** @returns {PlayerKey[]} */
export function storedFollows() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? '[]');
    return Array.isArray(kept) ? kept.filter((key) => /^[0-9a-f]{64}$/.test(key)) : [];
  } catch {
    return [];
  }
}

/** @param {PlayerKey[]} follows */
export function storeFollows(follows) {
  try {
    localStorage.setItem(NAME, JSON.stringify(follows));
  } catch {
    // A browser that keeps nothing follows until it is closed.
  }
}

/**
 * @param {PlayerKey[]} follows
 * @param {PlayerKey} key
 * @returns {PlayerKey[]} With the player, or without.
 */
export const toggleFollow = (follows, key) =>
  follows.includes(key) ? follows.filter((one) => one !== key) : [...follows, key].slice(-MOST);
