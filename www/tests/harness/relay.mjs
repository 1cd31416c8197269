// A relay of its own for each test: the real binary, started, killed and started again.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { atEnd } from './ending.mjs';
import { DIST, LIAR, LOGS, RELAY, slug } from './places.mjs';

/**
 * @import { ChildProcess } from 'node:child_process'
 * @import { Scope } from './ending.mjs'
 */

/**
 * @typedef {object} Ready The line that the relay prints when it serves.
 * @property {true} ready
 * @property {string} peer_id
 * @property {string[]} listen Multiaddrs.
 * @property {string} http Host and port.
 * @property {string} metrics Host and port.
 */

/**
 * @typedef {object} RelayOptions
 * @property {string} [name] For the log file. Default `relay`.
 * @property {string[]} [listen] Multiaddrs. Default: WebSocket and WebRTC-direct on any port.
 * @property {string[]} [options] More options of `rookery-relay serve`.
 * @property {string[]} [within] What stands before the command, so that it runs in another network.
 * @property {string} [host] Where it serves HTTP. Default: this machine alone.
 * @property {string} [lie] Runs the liar in place of the relay, with this lie.
 */

/** How long a relay may take to get ready, in ms. */
const READY_MS = 20_000;

const LISTEN = ['/ip4/127.0.0.1/tcp/0/ws', '/ip4/127.0.0.1/udp/0/webrtc-direct'];

/** One relay with a data folder that outlives its process. */
export class Relay {
  /** @type {ChildProcess | null} */
  #process = null;
  /** @type {Ready | null} */
  #ready = null;
  #listen;
  #http;
  /** More options of `rookery-relay serve`, from the next start on. */
  options;
  #program;
  #log;
  #data = mkdtempSync(join(tmpdir(), 'rookery-relay-'));

  /**
   * @param {string} test
   * @param {RelayOptions} options
   */
  constructor(
    test,
    { name = 'relay', listen = LISTEN, options = [], within = [], host = '127.0.0.1', lie },
  ) {
    this.#listen = listen;
    this.#http = `${host}:0`;
    this.#program = [...within, ...(lie ? [LIAR, '--lie', lie] : [RELAY, 'serve'])];
    this.options = [...options];
    mkdirSync(LOGS, { recursive: true });
    this.#log = createWriteStream(join(LOGS, `${slug(test)}-${name}.log`));
  }

  /** What it said when it was last ready. */
  get ready() {
    if (!this.#ready) throw new Error('the relay was never started');
    return this.#ready;
  }

  /** The page's address, with a slash at its end. */
  get url() {
    return `http://${this.ready.http}/`;
  }

  get pid() {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the relay is not running');
    return pid;
  }

  /** The name by which other relays know it, before it runs for the first time too. */
  async peerId() {
    const { stdout } = await promisify(execFile)(RELAY, [
      ...['identity', '--json'],
      ...['--data', this.#data],
    ]);
    return /** @type {string} */ (JSON.parse(stdout).peer_id);
  }

  /**
   * An address of the running relay, with its name.
   * @param {RegExp} kind
   */
  address(kind) {
    const found = this.ready.listen.find((address) => kind.test(address));
    if (!found) throw new Error(`none of ${this.ready.listen} is like ${kind}`);
    return found.includes('/p2p/') ? found : `${found}/p2p/${this.ready.peer_id}`;
  }

  /** Starts the process, on the same ports and data as before if there was one. */
  async start() {
    if (this.#process) throw new Error('the relay is running already');
    const [program, ...first] = this.#program;
    const child = spawn(
      program ?? RELAY,
      [
        ...first,
        ...['--data', this.#data],
        ...['--listen', ...this.#listen],
        ...['--http', this.#http],
        ...['--metrics', '127.0.0.1:0'],
        ...['--site', DIST],
        // The port is one for the whole machine, where many relays may run at once.
        ...(this.options.includes('--stun') ? [] : ['--stun', 'off']),
        ...this.options,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process = child;
    let said = '';
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
      said = (said + chunk).slice(-4000);
      this.#log.write(chunk);
    });
    const lines = createInterface({ input: child.stdout });
    const line = await new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ what) => reject(new Error(`the relay ${what}:\n${said}`));
      const timer = setTimeout(() => fail(`was not ready within ${READY_MS} ms`), READY_MS);
      lines.once('line', resolve);
      child.once('error', reject);
      child.once('close', (code, signal) => fail(`ended with ${code ?? signal}`));
      lines.once('line', () => clearTimeout(timer));
    });
    const ready = /** @type {Ready} */ (JSON.parse(line));
    this.#ready = ready;
    // A restart takes the same ports: a peer keeps the addresses that it was given.
    this.#http = ready.http;
    this.#listen = ready.listen.map((address) =>
      address.replace(/\/certhash\/[^/]+/g, '').replace(/\/p2p\/[^/]+$/, ''),
    );
    return ready;
  }

  /**
   * Ends the process and waits until it is gone.
   * @param {NodeJS.Signals} signal
   */
  async stop(signal = 'SIGKILL') {
    const child = this.#process;
    if (!child) return;
    this.#process = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  /** A stopped relay loses all that it kept, its name included; the next start is that of another one at the same place. */
  forget() {
    if (this.#process) throw new Error('the relay is running');
    rmSync(this.#data, { recursive: true, force: true });
    mkdirSync(this.#data);
  }

  /** Stops it for good and removes its data. */
  async end() {
    await this.stop();
    this.#log.end();
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/**
 * A running relay that ends with the test.
 * @param {Scope} t
 * @param {RelayOptions} [options]
 */
export async function startRelay(t, options = {}) {
  const relay = new Relay(t.name, options);
  atEnd(t, () => relay.end());
  await relay.start();
  return relay;
}

/**
 * Two running relays that know each other; the second dials the first.
 * @param {Scope} t
 * @returns {Promise<[Relay, Relay]>}
 */
export async function startTwoRelays(t) {
  const second = new Relay(t.name, { name: 'second' });
  atEnd(t, () => second.end());
  const first = await startRelay(t, {
    name: 'first',
    listen: ['/ip4/127.0.0.1/tcp/0', ...LISTEN],
    options: ['--peer', `/p2p/${await second.peerId()}`],
  });
  second.options.push('--peer', first.address(/\/tcp\/\d+(\/p2p\/|$)/));
  await second.start();
  return [first, second];
}
