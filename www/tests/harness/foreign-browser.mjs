// Browsers other than Chromium, driven by what each understands: Firefox by WebDriver BiDi, WebKitGTK by WebDriver.
// A page is only opened and asked; what a person does is done by its own elements.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { atEnd } from './ending.mjs';

/** @import { Scope } from './ending.mjs' */

/**
 * @typedef {object} ForeignBrowser
 * @property {string} name With its version.
 * @property {(url: string) => Promise<void>} open
 * @property {(script: string) => Promise<unknown>} ask The value of an expression, awaited, in the page.
 */

const { WebSocket } = createRequire(import.meta.url)('ws');
/** How long a browser may take for one command, in ms. */
const COMMAND_MS = 120_000;

/**
 * @param {Scope} scope
 * @param {string} program
 * @param {string[]} args
 * @returns {ReturnType<typeof spawn>}
 */
function start(scope, program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  atEnd(scope, async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  });
  return child;
}

/**
 * @param {Scope} scope
 * @returns {Promise<ForeignBrowser>}
 */
export async function startFirefox(scope) {
  const profile = mkdtempSync(join(tmpdir(), 'rookery-firefox-'));
  atEnd(scope, async () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }));
  const program = process.env.FIREFOX || '/usr/bin/firefox-esr';
  const child = start(scope, program, [
    ...['--headless', '--no-remote', '--remote-debugging-port=0'],
    ...['--profile', profile],
  ]);
  if (!child.stderr) throw new Error('the browser says nothing');
  let address = '';
  for await (const line of createInterface({ input: child.stderr })) {
    address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1] ?? '';
    if (address) break;
  }
  child.stderr.resume();
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');
  /** @type {Map<number, (answer: any) => void>} */
  const waiting = new Map();
  socket.on('message', (/** @type {Buffer} */ text) => {
    const answer = JSON.parse(String(text));
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  const command = async (/** @type {string} */ method, /** @type {object} */ params) => {
    const id = ++last;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const answer = await within(answered, method);
    if (answer.type !== 'success') throw new Error(`${method}: ${answer.message}`);
    return answer.result;
  };
  const { capabilities } = await command('session.new', { capabilities: {} });
  const { contexts } = await command('browsingContext.getTree', {});
  const { context } = contexts[0];
  return {
    name: `${capabilities.browserName} ${capabilities.browserVersion}`,
    open: (url) => command('browsingContext.navigate', { context, url, wait: 'complete' }),
    async ask(script) {
      const answer = await command('script.evaluate', {
        expression: `(async () => JSON.stringify((await (${script})) ?? null))()`,
        target: { context },
        awaitPromise: true,
      });
      if (answer.type !== 'success') throw new Error(answer.exceptionDetails.text);
      return JSON.parse(answer.result.value);
    },
  };
}

/**
 * Needs a display, such as that of `xvfb-run`.
 * @param {Scope} scope
 * @returns {Promise<ForeignBrowser>}
 */
export async function startWebKit(scope) {
  const port = 20_000 + (process.pid % 20_000);
  start(scope, process.env.WEBKIT_DRIVER || '/usr/bin/WebKitWebDriver', [`--port=${port}`]);
  const base = `http://127.0.0.1:${port}/session`;
  const command = async (/** @type {string} */ path, /** @type {object} */ params) => {
    const answer = await within(
      fetch(base + path, { method: 'POST', body: JSON.stringify(params) }),
      path,
    );
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.message}`);
    return value;
  };
  const options = {
    binary: process.env.WEBKIT || '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
    args: ['--automation'],
  };
  let session;
  for (let tries = 50; !session; tries -= 1) {
    try {
      session = await command('', {
        capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
      });
    } catch (error) {
      if (tries === 0 || !String(error).includes('fetch failed')) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const at = `/${session.sessionId}`;
  atEnd(scope, async () => void (await fetch(base + at, { method: 'DELETE' })));
  await command(`${at}/timeouts`, { script: COMMAND_MS, pageLoad: COMMAND_MS });
  return {
    name: `${session.capabilities.browserName} ${session.capabilities.browserVersion}`,
    open: (url) => command(`${at}/url`, { url }),
    async ask(script) {
      const text = await command(`${at}/execute/async`, {
        script: `const done = arguments[0];
          Promise.resolve().then(async () => (await (${script})) ?? null)
            .then((value) => done(JSON.stringify({ value })), (error) => done(JSON.stringify({ error: String(error) })));`,
        args: [],
      });
      const { value, error } = JSON.parse(text);
      if (error) throw new Error(error);
      return value;
    },
  };
}

/**
 * @template T
 * @param {Promise<T>} answer
 * @param {string} what
 * @returns {Promise<T>}
 */
function within(answer, what) {
  return Promise.race([
    answer,
    new Promise((/** @type {(value: never) => void} */ _, reject) => {
      const late = () => reject(new Error(`${what} took more than ${COMMAND_MS} ms`));
      setTimeout(late, COMMAND_MS).unref();
    }),
  ]);
}
