// Moves as a text that people pass on: short enough for a message or a QR code.

import { PeerError } from './errors.js';

const PREFIX = 'rookery-moves:';
/** More characters than two players can owe each other. */
const MAX_TEXT = 100_000;

/** @param {Uint8Array} bytes */
export function handText(bytes) {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return PREFIX + btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/**
 * What a text holds, with whatever a messenger put around or into it.
 *
 * @param {string} text
 * @returns {Uint8Array}
 */
export function readHandText(text) {
  const at = text.length > MAX_TEXT ? -1 : text.indexOf(PREFIX);
  const code = text.slice(at + PREFIX.length).replace(/\s+/g, '');
  const [found] = /^[A-Za-z0-9_-]*/.exec(code) ?? [''];
  if (at < 0 || !found) {
    throw new PeerError(
      'bad-input',
      `This is no move from Rookery: such a text begins with “${PREFIX}”.`,
    );
  }
  try {
    const binary = atob(found.replace(/-/g, '+').replace(/_/g, '/'));
    return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  } catch {
    throw new PeerError('bad-input', 'A part of the text is missing.');
  }
}
