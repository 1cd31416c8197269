// Where the harness finds what it tests and puts what it sees.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} path From the workspace's root. */
const inWorkspace = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The assembled site. */
export const DIST = process.env.ROOKERY_SITE || inWorkspace('dist');
/** The relay's binary. */
export const RELAY = process.env.ROOKERY_RELAY || inWorkspace('target/release/rookery-relay');
/** The hostile client, an example of the relay's package. */
export const HOSTILE = join(dirname(RELAY), 'examples/hostile');
/** A relay that lies, an example of the relay's package. */
export const LIAR = join(dirname(RELAY), 'examples/liar');
/** The browser's program. */
export const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
export const SCREENSHOTS = inWorkspace('target/screenshots');
/** The picture in the README. */
export const README_PICTURE = inWorkspace('docs/screenshots/game.webp');
export const LOGS = inWorkspace('target/test-logs');

/**
 * A test's name as part of a file's name.
 * @param {string} name
 */
export const slug = (name) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
