// The assembled site is complete: everything that it loads is in it, and in few files.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { init, parse } from 'es-module-lexer';

const SITE = new URL('../../dist/', import.meta.url);
const page = readFileSync(new URL('index.html', SITE), 'utf8');
const mapText = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '';
const map = /** @type {Record<string, string>} */ (JSON.parse(mapText).imports);

/**
 * Where a module of the site loads another from, as the browser would see it.
 * @param {string} specifier
 * @param {URL} from
 */
function resolve(specifier, from) {
  if (/^\.{0,2}\//.test(specifier)) return new URL(specifier, from);
  const exact = map[specifier];
  if (exact) return new URL(exact, SITE);
  const prefix = Object.keys(map)
    .filter((key) => key.endsWith('/') && specifier.startsWith(key))
    .sort((a, b) => b.length - a.length)[0];
  assert.ok(prefix, `${specifier} in ${from.pathname} is not in the import map`);
  return new URL(map[prefix] + specifier.slice(prefix.length), SITE);
}

/**
 * All modules that are reached from `roots`.
 * @param {URL[]} roots
 */
function reachable(roots) {
  const seen = new Set(roots.map(String));
  for (const address of seen) {
    const from = new URL(address);
    assert.ok(existsSync(from), `${address} is missing`);
    for (const found of parse(readFileSync(from, 'utf8'))[0]) {
      const specifier = 'specifier' in found ? found.specifier : undefined;
      if (specifier && !specifier.startsWith('node:')) {
        seen.add(String(resolve(specifier, from)));
      }
    }
  }
  return seen;
}

/** @param {string} ending */
function filesEnding(ending) {
  return readdirSync(SITE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => new URL(name, SITE));
}

await init;

test('every import of the site leads to a file of the site', () => {
  const modules = [...filesEnding('.js'), ...filesEnding('.mjs')];
  assert.ok(reachable(modules).size > modules.length / 2);
});

test('the page needs no module but one before its packages', () => {
  const [imports] = parse(readFileSync(new URL('page.js', SITE), 'utf8'));
  const wanted = imports.map((found) => ('specifier' in found ? found.specifier : undefined));
  assert.deepEqual([...new Set(wanted)].sort(), ['@rookery/engine', '@rookery/peer']);
});

test('the peer is one script', () => {
  const [imports] = parse(readFileSync(new URL('peer.js', SITE), 'utf8'));
  assert.deepEqual(
    imports.filter((found) => 'specifier' in found && found.specifier),
    [],
  );
});

test('the maps of the scripts hold the modules as they were written', () => {
  for (const [script, module] of [
    ['page', '../src/main.js'],
    ['peer', '../../web/peer/js/writer.js'],
  ]) {
    const { sources, sourcesContent } = JSON.parse(
      readFileSync(new URL(`${script}.js.map`, SITE), 'utf8'),
    );
    const name = module.replace(/^[./]+/, '/');
    const at = sources.findIndex((/** @type {string} */ source) => source.endsWith(name));
    assert.equal(sourcesContent[at], readFileSync(new URL(module, import.meta.url), 'utf8'));
  }
});

test('the licence of each bundled package is in the site', () => {
  const licences = readFileSync(new URL('LICENSES.txt', SITE), 'utf8');
  for (const name of ['chessops', '@lichess-org/chessground', 'idb', 'lean-qr', 'lit-html']) {
    assert.match(licences, new RegExp(`^${name} \\d`, 'm'));
  }
});

test('every address of the import map leads into the site', () => {
  for (const [name, address] of Object.entries(map)) {
    assert.ok(existsSync(new URL(address, SITE)), `${name} leads to ${address}, which is missing`);
  }
});

test('every style and script of the page is in the site', () => {
  const found = [...page.matchAll(/<(?:link|script)[^>]*\s(?:href|src)="([^"]+)"/g)];
  assert.ok(found.length > 0);
  for (const [, address] of found) {
    assert.ok(existsSync(new URL(address ?? '', SITE)), `${address} is missing`);
  }
});

test('the policy names the import map that the page has', () => {
  const hash = createHash('sha256').update(mapText).digest('base64');
  assert.ok(page.includes(`'sha256-${hash}'`));
});

test('the list of what is kept on a device names everything that the page loads, as it is', () => {
  const text = readFileSync(new URL('precache.js', SITE), 'utf8');
  /** @type {{ version: string, files: Record<string, string> }} */
  const { version, files } = JSON.parse(text.replace(/^[^{]*|;\s*$/g, ''));
  assert.match(version, /^[0-9a-f]{16}$/);
  for (const [name, integrity] of Object.entries(files)) {
    const bytes = readFileSync(new URL(name, SITE));
    const hash = createHash('sha256').update(bytes).digest('base64');
    assert.equal(integrity, `sha256-${hash}`, name);
  }
  const loaded = filesEnding('')
    .map((file) => file.pathname.slice(SITE.pathname.length))
    .filter((name) => /\.(html|js|mjs|css|wasm|svg|png|webmanifest)$/.test(name))
    .filter((name) => !['sw.js', 'precache.js', 'packages/engine/uci.mjs'].includes(name))
    // The page has these in one script.
    .filter((name) => !/^packages\/peer\/.*\.js$/.test(name));
  assert.deepEqual(
    loaded.filter((name) => !files[name]),
    [],
  );
  assert.ok(!files['rookery.json'], 'a host changes its relays without a new version');
});
