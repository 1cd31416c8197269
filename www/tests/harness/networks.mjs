// Networks of their own for a test: a relay and two people, each on another subnet, and a router between them that can cut any
// two of them off from each other. Network namespaces of Linux, so root is needed.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './ending.mjs';

/** @import { Scope } from './ending.mjs' */

/** @typedef {'relay' | 'white' | 'black'} Host */

/** @type {Host[]} */
const HOSTS = ['relay', 'white', 'black'];

/** @param {...string} args */
const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });

/**
 * Why there can be no such networks here.
 *
 * @returns {string | false} False where there can.
 */
export function noNetworks() {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `rookery-${process.pid}-try`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
  } catch {
    return 'curl or iproute2 is missing, or no network namespaces may be made here';
  }
  return false;
}

export class Networks {
  #name = `rookery-${process.pid}`;
  #folder = mkdtempSync(join(tmpdir(), 'rookery-networks-'));

  constructor() {
    const router = this.#space('router');
    ip('netns', 'add', router);
    this.#in('router', 'ip', 'link', 'set', 'lo', 'up');
    this.#in('router', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    for (const [i, host] of HOSTS.entries()) {
      const space = this.#space(host);
      const port = `rk${i}`;
      ip('netns', 'add', space);
      this.#in('router', 'ip', 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0');
      this.#in('router', 'ip', 'link', 'set', 'eth0', 'netns', space);
      this.#in('router', 'ip', 'address', 'add', `10.77.${i}.1/24`, 'dev', port);
      this.#in('router', 'ip', 'link', 'set', port, 'up');
      this.#in(host, 'ip', 'address', 'add', `${this.address(host)}/24`, 'dev', 'eth0');
      this.#in(host, 'ip', 'link', 'set', 'lo', 'up');
      this.#in(host, 'ip', 'link', 'set', 'eth0', 'up');
      this.#in(host, 'ip', 'route', 'add', 'default', 'via', `10.77.${i}.1`);
    }
  }

  /** @param {string} host */
  #space(host) {
    return `${this.#name}-${host}`;
  }

  /**
   * @param {string} host
   * @param {...string} command
   */
  #in(host, ...command) {
    return ip('netns', 'exec', this.#space(host), ...command);
  }

  /** @param {Host} host */
  address(host) {
    return `10.77.${HOSTS.indexOf(host)}.2`;
  }

  /**
   * What stands before a command so that it runs there.
   *
   * @param {Host} host
   */
  within(host) {
    return ['ip', 'netns', 'exec', this.#space(host)];
  }

  /**
   * A program that runs there.
   *
   * @param {Host} host
   * @param {string} program
   * @returns {string} Its path.
   */
  program(host, program) {
    const path = join(this.#folder, `${host}-browser`);
    writeFileSync(path, `#!/bin/sh\nexec ${this.within(host).join(' ')} ${program} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /**
   * What is at an address, asked for from there; empty where nothing is.
   *
   * @param {Host} host
   * @param {string} url
   */
  fetch(host, url) {
    try {
      return this.#in(host, 'curl', '--silent', '--fail', '--max-time', '5', url).toString();
    } catch {
      return '';
    }
  }

  /**
   * From now on nothing comes from one to the other, nor back; nobody is told.
   *
   * @param {Host} one
   * @param {Host} other
   */
  cut(one, other) {
    this.#rules('add', one, other);
  }

  /**
   * @param {Host} one
   * @param {Host} other
   */
  heal(one, other) {
    this.#rules('del', one, other);
  }

  /**
   * @param {'add' | 'del'} what
   * @param {Host} one
   * @param {Host} other
   */
  #rules(what, one, other) {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ]) {
      const ends = [
        'from',
        this.address(/** @type {Host} */ (from)),
        'to',
        this.address(/** @type {Host} */ (to)),
      ];
      this.#in('router', 'ip', 'rule', what, ...ends, 'blackhole');
    }
  }

  async end() {
    for (const host of [...HOSTS, 'router']) {
      try {
        ip('netns', 'del', this.#space(host));
      } catch {
        // It was never made.
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Networks that end with the test. Start them before what runs in them.
 *
 * @param {Scope} t
 */
export function startNetworks(t) {
  const networks = new Networks();
  atEnd(t, () => networks.end());
  return networks;
}
