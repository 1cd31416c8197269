// What a person takes along as a file: settings, and the key under a passphrase. The formats, and nothing that stores.

import { readSettings } from '../device/settings.js';

/**
 * @import { PlayerKey } from '@rookery/peer'
 * @import { Theme } from '../app-state.js'
 * @import { Settings } from '../device/settings.js'
 */

/** Of both files. A newer one is not guessed at. */
const VERSION = 1;
const SETTINGS = 'rookery-settings';
const KEY = 'rookery-key';

/** PBKDF2 with SHA-256: about half a second on a phone, as much for each guess of whoever finds the file. */
const ITERATIONS = 600_000;
/** A file that asks for more would only keep the device busy. */
const MAX_ITERATIONS = 10_000_000;
export const LEAST_PASSPHRASE = 8;

const NO_CRYPTO =
  'This page came over plain http, where browsers offer no encryption. Open it over https to save or load a key.';

/**
 * @typedef {object} KeyFile
 * @property {PlayerKey} player
 * @property {number} iterations
 * @property {Uint8Array<ArrayBuffer>} salt
 * @property {Uint8Array<ArrayBuffer>} iv
 * @property {Uint8Array<ArrayBuffer>} data
 *
 * @typedef {{ kind: 'settings', settings: Settings, theme: Theme }
 *   | { kind: 'key', key: KeyFile }
 *   | { kind: 'error', error: string }} Backup
 */

/**
 * @param {Settings} settings
 * @param {Theme} theme
 */
export const writeSettingsFile = (settings, theme) =>
  `${JSON.stringify({ kind: SETTINGS, v: VERSION, settings, theme }, null, 2)}\n`;

/**
 * @param {string} text
 * @returns {Backup} What cannot be read is a sentence.
 */
export function readBackup(text) {
  const fail = (/** @type {string} */ error) => ({ kind: /** @type {const} */ ('error'), error });
  /** @type {any} */
  let file;
  try {
    file = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return fail('It is damaged: it ends too early, or something was changed in it.');
  }
  if (file?.kind !== SETTINGS && file?.kind !== KEY) return fail('It is no file of Rookery.');
  if (file.v !== VERSION) {
    return fail('It is from a newer version of Rookery. Load this page again, and then the file.');
  }
  if (file.kind === KEY) {
    const key = readKeyFile(file);
    return key ? { kind: 'key', key } : fail('Its key is damaged.');
  }
  const theme = ['light', 'dark'].includes(file.theme) ? file.theme : 'auto';
  return { kind: 'settings', settings: readSettings(JSON.stringify(file.settings ?? {})), theme };
}

/**
 * @param {any} file
 * @returns {KeyFile | null}
 */
function readKeyFile({ player, kdf, cipher, data }) {
  const { iterations } = kdf ?? {};
  const known = kdf?.name === 'PBKDF2' && kdf.hash === 'SHA-256' && cipher?.name === 'AES-GCM';
  const [salt, iv, sealed] = [kdf?.salt, cipher?.iv, data].map(fromBase64);
  if (!known || !/^[0-9a-f]{64}$/.test(player) || !salt || !iv || !sealed) return null;
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS) return null;
  return { player, iterations, salt, iv, data: sealed };
}

/**
 * @param {string} passphrase
 * @param {string} again
 * @returns {string} Why it will not do, in a sentence; empty where it will.
 */
export function passphraseProblem(passphrase, again) {
  if ([...passphrase].length < LEAST_PASSPHRASE) {
    return `A passphrase needs at least ${LEAST_PASSPHRASE} characters. Four words are easy to keep in mind.`;
  }
  return passphrase === again ? '' : 'The passphrases are not the same.';
}

/**
 * @param {Uint8Array} secret
 * @param {PlayerKey} player
 * @param {string} passphrase
 * @returns {Promise<string>} The file's text. Rejects with a sentence where the browser cannot encrypt.
 */
export async function writeKeyFile(secret, player, passphrase) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await derive(passphrase, salt, ITERATIONS);
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: binding(player) },
    key,
    new Uint8Array(secret),
  );
  const file = {
    ...{ kind: KEY, v: VERSION, player },
    kdf: { name: 'PBKDF2', hash: 'SHA-256', iterations: ITERATIONS, salt: toBase64(salt) },
    cipher: { name: 'AES-GCM', iv: toBase64(iv) },
    data: toBase64(new Uint8Array(sealed)),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * @param {KeyFile} file
 * @param {string} passphrase
 * @returns {Promise<Uint8Array | null>} The secret; null where the passphrase is another one or the file was changed.
 */
export async function openKeyFile({ player, iterations, salt, iv, data }, passphrase) {
  const key = await derive(passphrase, salt, iterations);
  try {
    const algorithm = { name: 'AES-GCM', iv, additionalData: binding(player) };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, data));
  } catch {
    return null;
  }
}

/**
 * @param {string} passphrase
 * @param {Uint8Array<ArrayBuffer>} salt
 * @param {number} iterations
 */
async function derive(passphrase, salt, iterations) {
  const { subtle } = crypto;
  // Not there in an insecure context, whatever the types say.
  if (!(/** @type {unknown} */ (subtle))) throw new Error(NO_CRYPTO);
  // The same characters typed on another device may be other bytes.
  const bytes = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const base = await subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey']);
  return subtle.deriveKey(
    { name: 'PBKDF2', hash: 'SHA-256', salt, iterations },
    base,
    { name: 'AES-GCM', length: 256 },
    false,
    ['encrypt', 'decrypt'],
  );
}

/**
 * A file that names another player than its secret belongs to is not opened.
 *
 * @param {PlayerKey} player
 */
const binding = (player) => new TextEncoder().encode(`${KEY} v${VERSION} ${player}`);

/** @param {Uint8Array} bytes */
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

/**
 * @param {unknown} text
 * @returns {Uint8Array<ArrayBuffer> | null}
 */
function fromBase64(text) {
  try {
    if (typeof text !== 'string' || text.length > 1000) return null;
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}
