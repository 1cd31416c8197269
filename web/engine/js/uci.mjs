#!/usr/bin/env node
// The engine as a UCI process in Node, over the same WebAssembly as the page: `node uci.mjs`.
// With arguments it follows them as one command and ends: `node uci.mjs bench`, `node uci.mjs go perft 5`.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { initSync, Uci } from './rookery_web_engine.js';

/** How long it thinks before it looks for input again, in ms. */
const SLICE_MS = 8;

initSync({ module: readFileSync(new URL('./rookery_web_engine_bg.wasm', import.meta.url)) });
const engine = new Uci((Math.random() * 2 ** 32) >>> 0);

/** @param {string[]} lines */
function say(lines) {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

// Whoever read the output has gone: there is nobody left to tell.
process.stdout.on('error', () => process.exit(0));

let pumping = false;
let inputEnded = false;

/** Thinks slice by slice; between slices Node delivers the next lines. */
function pump() {
  pumping = engine.busy;
  if (pumping) {
    say(engine.step(SLICE_MS));
    setImmediate(pump);
  } else if (inputEnded) {
    process.exitCode = 0;
  }
}

/** @param {string} line */
function follow(line) {
  say(engine.line(line));
  if (engine.ended) {
    // Lets what was said get out first.
    process.stdout.write('', () => process.exit(0));
  } else if (!pumping) {
    pump();
  }
}

const command = process.argv.slice(2).join(' ');
if (command) {
  inputEnded = true;
  follow(command);
} else {
  createInterface({ input: process.stdin, crlfDelay: Infinity })
    .on('line', (line) => {
      if (!engine.ended) follow(line);
    })
    .on('close', () => {
      inputEnded = true;
      if (!engine.ended) say(engine.inputEnded());
    });
}
