import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const PAGE = new URL('../../', import.meta.url);
const html = readFileSync(new URL('index.html', PAGE), 'utf8');
const { imports } = JSON.parse(/<script type="importmap">([\s\S]*?)<\/script>/.exec(html)[1]);

/** Where a module of the site lies in the tree. */
const source = (address) => new URL(address.replace(/^\.\/vendor\//, './node_modules/'), PAGE);

/** What an import in a module means, as an address of the site. */
function resolve(specifier, from) {
  if (specifier.startsWith('.')) {
    const base = new URL(from, 'http://site/');
    return `.${new URL(specifier, base).pathname}`;
  }
  const prefix = Object.keys(imports).find((key) => key.endsWith('/') && specifier.startsWith(key));
  const target = imports[specifier] ?? (prefix && imports[prefix] + specifier.slice(prefix.length));
  assert.ok(target, `${from} imports ${specifier}, which the import map does not know`);
  return target;
}

function closure(start) {
  const seen = new Set();
  const visit = (address) => {
    if (seen.has(address)) return;
    seen.add(address);
    const text = readFileSync(source(address), 'utf8');
    // Packages may be minified, so the space around `from` is optional.
    const statements =
      /(?:^|[;}\n])\s*(?:import|export)\s*(?:[\w*{][^'"();]*?from)?\s*['"]([^'"]+)['"]/g;
    for (const [, specifier] of text.matchAll(statements)) visit(resolve(specifier, address));
  };
  visit(start);
  return seen;
}

test('every module the page starts with is asked for at once, and no other', () => {
  const preloaded = [...html.matchAll(/rel="modulepreload"\s+href="([^"]+)"/g)].map(([, at]) => at);
  const needed = closure('./src/main.js');
  needed.delete('./src/main.js');
  assert.deepEqual([...preloaded].sort(), [...needed].sort());
  assert.ok(needed.size > 20);
});
