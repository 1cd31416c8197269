// The people that this device knows: what each calls themselves, what the person here calls them, who is a contact and who is blocked.
// A name that somebody gave themselves came signed in a game; names that others were given here never leave the device.

import { cleanLine } from '../table/chat.js';
import { shortKey } from '../words/words.js';

/** @import { PlayerKey } from '@rookery/peer' */

/**
 * @typedef {object} Person
 * @property {string} claimed What they call themselves; empty where they never said.
 * @property {string} petname What they are called here; empty for none.
 * @property {boolean} contact
 * @property {boolean} blocked
 * @property {number} seenMs ms since 1970.
 *
 * @typedef {object} People
 * @property {string} own The own name; empty for none.
 * @property {Readonly<Record<PlayerKey, Person>>} known
 */

/** Characters of a name. */
export const MAX_NAME = 24;
/** People of whom nothing but their own name is kept. */
const STRANGERS_KEPT = 300;
const STORAGE = 'rookery-people';
const PLAYER_KEY = /^[0-9a-f]{64}$/;

/** @type {People} */
export const NOBODY = { own: '', known: {} };

/** @type {Person} */
const STRANGER = { claimed: '', petname: '', contact: false, blocked: false, seenMs: 0 };

/**
 * A name as it may be shown: short, on one line, with nothing in it that cannot be seen or that turns the text around it.
 *
 * @param {unknown} text
 * @returns {string} Empty where nothing is left.
 */
export function cleanName(text) {
  const plain = cleanLine(String(text ?? '').slice(0, 400))
    .normalize('NFC')
    .replace(
      /[\p{Cf}\p{Co}\p{Cn}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f]/gu,
      '',
    )
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  const name = [...plain].slice(0, MAX_NAME).join('').trim();
  return /[\p{L}\p{N}\p{S}\p{P}]/u.test(name) ? name : '';
}

/**
 * @param {People} people
 * @param {PlayerKey | null} key
 * @returns {Person}
 */
export const person = ({ known }, key) =>
  key !== null && Object.hasOwn(known, key) ? known[key] : STRANGER;

/**
 * @param {People} people
 * @param {PlayerKey | null} key
 */
export const isBlocked = (people, key) => person(people, key).blocked;

/**
 * How somebody is called on screen and aloud. What they call themselves stands beside their key, for anybody can take any name;
 * one that looks like a name given here, or like a contact's, is not shown at all.
 *
 * @param {People} people
 * @param {PlayerKey} key
 * @returns {string} `Anna`, `Anna (857d·cbb7)`, `Player 857d·cbb7`.
 */
export function nameOf(people, key) {
  const { petname, claimed } = person(people, key);
  if (petname) return petname;
  if (!claimed || borrowed(people, key, claimed)) return `Player ${shortKey(key)}`;
  return `${claimed} (${shortKey(key)})`;
}

/**
 * Whether a name looks like one by which somebody else is known here.
 *
 * @param {People} people
 * @param {PlayerKey} key
 * @param {string} claimed
 */
export function borrowed({ own, known }, key, claimed) {
  const look = skeleton(claimed);
  if (own && skeleton(own) === look) return true;
  return Object.entries(known).some(
    ([other, { petname, contact, claimed: theirs }]) =>
      other !== key &&
      ((petname && skeleton(petname) === look) || (contact && skeleton(theirs) === look)),
  );
}

/** Letters that look like Latin ones. */
const ALIKE = /** @type {Record<string, string>} */ ({
  ...{
    а: 'a',
    е: 'e',
    о: 'o',
    р: 'p',
    с: 'c',
    х: 'x',
    у: 'y',
    і: 'i',
    ѕ: 's',
    ј: 'j',
    к: 'k',
    м: 'm',
    т: 't',
  },
  ...{
    в: 'b',
    н: 'h',
    ԁ: 'd',
    α: 'a',
    ο: 'o',
    ν: 'v',
    ρ: 'p',
    τ: 't',
    ι: 'i',
    κ: 'k',
    0: 'o',
    1: 'l',
    '|': 'l',
    i: 'l',
  },
});

/**
 * What is left of a name for an eye that passes over it.
 *
 * @param {string} name
 */
const skeleton = (name) =>
  [...name.normalize('NFKD').toLowerCase()]
    .filter((letter) => /[\p{L}\p{N}|]/u.test(letter))
    .map((letter) => ALIKE[letter] ?? letter)
    .map((letter) => ALIKE[letter] ?? letter)
    .join('');

/**
 * @param {People} people
 * @param {PlayerKey} key
 * @param {Partial<Person>} change Names are cleaned.
 * @returns {People}
 */
export function withPerson(people, key, change) {
  if (!PLAYER_KEY.test(key)) return people;
  const next = { ...person(people, key), ...change };
  next.claimed = cleanName(next.claimed);
  next.petname = cleanName(next.petname);
  return { ...people, known: trimmed({ ...people.known, [key]: next }) };
}

/**
 * @param {People} people
 * @param {string} own
 * @returns {People}
 */
export const withOwnName = (people, own) => ({ ...people, own: cleanName(own) });

/** @param {Person} one */
const matters = ({ petname, contact, blocked }) => petname !== '' || contact || blocked;

/**
 * @param {Record<PlayerKey, Person>} known
 * @returns {Record<PlayerKey, Person>}
 */
function trimmed(known) {
  const all = Object.entries(known).filter(([, one]) => matters(one) || one.claimed);
  const strangers = all
    .filter(([, one]) => !matters(one))
    .sort(([, a], [, b]) => b.seenMs - a.seenMs);
  const dropped = new Set(strangers.slice(STRANGERS_KEPT).map(([key]) => key));
  return Object.fromEntries(all.filter(([key]) => !dropped.has(key)));
}

/**
 * Those of a kind, by name.
 *
 * @param {People} people
 * @param {(one: Person) => boolean} which
 */
export const peopleWho = (people, which) =>
  Object.entries(people.known)
    .filter(([, one]) => which(one))
    .map(([key]) => ({ key, name: nameOf(people, key) }))
    .sort((a, b) => a.name.localeCompare(b.name));

/**
 * The key in what a person pasted.
 *
 * @param {string} text
 * @returns {PlayerKey | null}
 */
export const keyFromPaste = (text) =>
  /(?:^|[^0-9a-f])([0-9a-f]{64})(?![0-9a-f])/.exec(text.toLowerCase())?.[1] ?? null;

/**
 * @param {string | null} text
 * @returns {People} What cannot be read is left out.
 */
export function readPeople(text) {
  try {
    const kept = JSON.parse(text ?? '{}');
    /** @type {People} */
    let people = withOwnName(NOBODY, typeof kept?.own === 'string' ? kept.own : '');
    for (const [key, one] of Object.entries(kept?.known ?? {})) {
      people = withPerson(people, key, {
        claimed: typeof one?.claimed === 'string' ? one.claimed : '',
        petname: typeof one?.petname === 'string' ? one.petname : '',
        contact: one?.contact === true,
        blocked: one?.blocked === true,
        seenMs: Number(one?.seenMs) || 0,
      });
    }
    return people;
  } catch {
    return NOBODY;
  }
}

/** @returns {People} */
export function storedPeople() {
  try {
    return readPeople(localStorage.getItem(STORAGE));
  } catch {
    return NOBODY;
  }
}

/** @param {People} people */
export function storePeople(people) {
  try {
    localStorage.setItem(STORAGE, JSON.stringify(people));
  } catch {
    // Then they are known until the page is closed.
  }
}

/**
 * What another tab changed is known here too.
 *
 * @param {(people: People) => void} changed
 */
export function watchPeople(changed) {
  addEventListener('storage', ({ key, newValue }) => {
    if (key === STORAGE) changed(readPeople(newValue));
  });
}

/** @param {string} name */
export const writeName = (name) => `#/player?name=${encodeURIComponent(name)}`;

/**
 * @param {string} text A line of chat.
 * @returns {string | null} The name that its author takes, cleaned, possibly empty; null where the line says nothing of it.
 */
export function readName(text) {
  const said = /^#\/player\?name=(\S*)$/.exec(text.trim());
  if (!said) return null;
  try {
    return cleanName(decodeURIComponent(said[1]));
  } catch {
    return '';
  }
}
