// Where the built package lies, and the native engine to compare it with.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The folder of the built package, as a URL that ends in a slash. */
export const PACKAGE = pathToFileURL(
  `${resolve(ROOT, process.env.ROOKERY_PACKAGES ?? 'dist/packages', 'engine')}/`,
);

/** The script that speaks UCI over the package. */
export const UCI = fileURLToPath(new URL('uci.mjs', PACKAGE));

const native = resolve(ROOT, process.env.ROOKERY_ENGINE ?? 'target/release/rookery');
/** The native engine, if it is built. */
export const NATIVE = existsSync(native) ? native : null;

/** @type {typeof import('../js/node.mjs')} */
export const { createEngine, EngineError, LEVELS } = await import(
  new URL('node.mjs', PACKAGE).href
);

export const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';
