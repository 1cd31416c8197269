// Makes one script and one sheet of the page's modules and styles and the npm packages that they use, and one script of the
// peer: a phone on a slow network waits for each file that it has to ask for. `node bundle.mjs FOLDER PEER` writes them to FOLDER,
// with their maps, which hold the modules as they were written, and the packages' licences. PEER has what wasm-bindgen made.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const [folder, peer] = process.argv.slice(2);
if (!folder || !peer) throw new Error('usage: node bundle.mjs FOLDER PEER');
const page = dirname(fileURLToPath(import.meta.url));

const { metafile } = await build({
  absWorkingDir: page,
  entryPoints: [
    { in: 'src/main.js', out: 'page' },
    { in: 'styles/page.css', out: 'page' },
    { in: '../web/peer/js/index.js', out: 'peer' },
    // A script of the old kind, which the page waits for before it paints.
    { in: 'src/device/theme-boot.js', out: 'theme-boot' },
  ],
  outdir: folder,
  bundle: true,
  minify: true,
  sourcemap: true,
  metafile: true,
  format: 'esm',
  target: 'es2022',
  // Engine and peer are scripts of their own, loaded when they are needed.
  external: ['@rookery/*'],
  plugins: [
    {
      name: 'made by wasm-bindgen',
      setup({ onResolve }) {
        onResolve({ filter: /^\.\/rookery_web_peer\.js$/ }, ({ path }) => ({
          path: join(peer, path),
        }));
      },
    },
  ],
  legalComments: 'none',
  logLevel: 'warning',
});

/** The npm packages of which something is in the bundle. */
const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [],
  ),
);
const licences = [...packages].sort().map((name) => {
  const home = join(page, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const file = readdirSync(home).find((found) => /^licen[cs]e(\.|$)/i.test(found));
  if (!file) throw new Error(`${name} comes without the text of its licence`);
  const text = readFileSync(join(home, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(join(folder, 'LICENSES.txt'), licences.join(`\n${'-'.repeat(72)}\n\n`));
