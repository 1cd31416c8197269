// Links that end, fail, hang or fall silent, with a dial that the test answers and timers that it moves.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Connector, waitBefore } from '../js/connector.js';

const WS = '/ip4/192.0.2.7/tcp/1/ws';
const RTC = '/ip4/192.0.2.7/udp/1/webrtc-direct';

/** @typedef {ReturnType<typeof setUp>} Setting */

/**
 * @param {string[]} addresses
 * @param {() => boolean} [nobody]
 */
function setUp(addresses, nobody) {
  /** @type {any[]} */
  const dials = [];
  /** @type {string[]} */
  const events = [];
  const connector = new Connector({
    dial: (address, timeoutMs, onFrame, onClose) =>
      new Promise((resolve, reject) => {
        const link = {
          from: new Uint8Array(),
          to: new Uint8Array(),
          peer: '',
          closed: false,
          send: () => true,
          close() {
            link.closed = true;
          },
        };
        dials.push({ address, timeoutMs, onFrame, onClose, resolve, reject, link });
      }),
    resolve: async () => [...addresses],
    ...(nobody ? { nobody } : {}),
    hooks: {
      onOpen: (_, address) => events.push(`open ${address}`),
      onFrame: (frame) => events.push(`frame ${frame[0]}`),
      onClose: (reason) => events.push(`close ${reason}`),
      onWait: (failures) => events.push(`wait ${failures}`),
    },
  });
  return { connector, dials, events };
}

/** Lets promises go on. */
async function turn() {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

let now = 0;
beforeEach((t) => {
  const test = /** @type {import('node:test').TestContext} */ (t);
  now = 0;
  test.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  test.mock.method(performance, 'now', () => now);
  test.mock.method(Math, 'random', () => 0.5);
});

/**
 * @param {import('node:test').TestContext} t
 * @param {number} ms
 */
async function pass(t, ms) {
  for (let step = 0; step < ms; step += 50) {
    now += 50;
    t.mock.timers.tick(50);
    await turn();
  }
}

test('frames that come before the link is known are handed over after it, in order', async () => {
  const { connector, dials, events } = setUp([WS]);
  connector.start();
  await turn();
  dials[0].onFrame(new Uint8Array([1]));
  dials[0].onFrame(new Uint8Array([2]));
  dials[0].resolve(dials[0].link);
  await turn();
  assert.deepEqual(events, ['wait 0', `open ${WS}`, 'frame 1', 'frame 2']);
  connector.stop();
});

test('a link without a word for three seconds is given up and dialled again at once', async (t) => {
  const { connector, dials, events } = setUp([WS]);
  connector.start();
  await turn();
  dials[0].resolve(dials[0].link);
  await turn();
  connector.confirm();
  await pass(t, 2_900);
  dials[0].onFrame(new Uint8Array([7]));
  await pass(t, 2_900);
  assert.equal(dials.length, 1, 'it spoke in time');
  await pass(t, 400);
  assert.ok(events.includes('close silence') && dials[0].link.closed);
  assert.equal(dials.length, 2);
  dials[0].onFrame(new Uint8Array([8]));
  assert.ok(!events.includes('frame 8'), 'a link that was given up is not heard any more');
  connector.stop();
});

test('after a loss the waits are short at first and two seconds at most for a good while', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 100].map((failures) => waitBefore(failures, 0.5));
  assert.deepEqual(waits, [0, 100, 250, 500, 1000, 2000, 2000, 2000]);
  assert.deepEqual([waitBefore(4, 0), waitBefore(4, 1)], [750, 1250]);
  assert.equal(waitBefore(1000, 0.5), 4000);
});

test('the next address is tried when one fails, and the good one is preferred from then on', async (t) => {
  const { connector, dials } = setUp([WS, RTC]);
  connector.start();
  await turn();
  dials[0].reject(new Error('no'));
  await turn();
  assert.deepEqual(
    dials.map(({ address }) => address),
    [WS, RTC],
  );
  dials[1].resolve(dials[1].link);
  await turn();
  connector.confirm();
  now += 2_500;
  dials[1].onClose('gone');
  await pass(t, 100);
  assert.equal(dials[2].address, RTC);
  connector.stop();
});

test('where a relay was set up anew its new address is dialled, and the old one no more', async (t) => {
  const MOVED = `${WS}/p2p/new`;
  const addresses = [WS];
  const { connector, dials } = setUp(addresses);
  connector.start();
  await turn();
  dials[0].resolve(dials[0].link);
  await turn();
  connector.confirm();
  await pass(t, 2_500);
  addresses.splice(0, 1, MOVED);
  dials[0].onClose('gone');
  for (let at = 1; at < 9; at += 1) {
    await pass(t, 2_600);
    dials[at].reject(new Error('no'));
  }
  assert.deepEqual(
    dials.slice(-4).map(({ address }) => address),
    [MOVED, MOVED, MOVED, MOVED],
  );
  connector.stop();
});

for (const [what, confirmed, heldMs] of /** @type {const} */ ([
  ['before it accepts the page, however late', false, 2_500],
  ['as soon as it has accepted the page', true, 100],
])) {
  test(`a link that the relay ends ${what}, counts as a failure`, async (t) => {
    const { connector, dials, events } = setUp([WS]);
    connector.start();
    await turn();
    dials[0].resolve(dials[0].link);
    await turn();
    if (confirmed) connector.confirm();
    await pass(t, heldMs);
    dials[0].onClose('bye');
    await turn();
    assert.equal(dials.length, 1, 'not dialled at once');
    await pass(t, 150);
    assert.equal(dials.length, 2);
    assert.deepEqual(
      events.filter((event) => event.startsWith('wait')),
      ['wait 0', 'wait 1'],
    );
    connector.stop();
  });
}

test('a poke ends the wait, and a stop ends a dial that hangs and closes what it brings', async () => {
  const { connector, dials } = setUp([WS]);
  connector.start();
  await turn();
  dials[0].reject(new Error('no'));
  await turn();
  connector.poke();
  await turn();
  assert.equal(dials.length, 2);
  connector.stop();
  await turn();
  dials[1].resolve(dials[1].link);
  await turn();
  assert.ok(dials[1].link.closed);
  assert.equal(connector.send(new Uint8Array()), false);
});

test('when the network is back a dial that hangs is given up and a new one begins at once', async (t) => {
  const { connector, dials } = setUp([WS]);
  connector.start();
  await turn();
  for (let failed = 0; failed < 5; failed += 1) {
    dials[failed].reject(new Error('no'));
    await pass(t, 2_100);
  }
  assert.equal(dials.length, 6);
  await pass(t, 1_000);
  connector.renew();
  await turn();
  assert.equal(dials.length, 7, 'neither the dial nor a wait is sat out');
  dials[5].resolve(dials[5].link);
  await turn();
  assert.ok(dials[5].link.closed);
  dials[6].reject(new Error('no'));
  await pass(t, 150);
  assert.equal(dials.length, 8, 'the waits are short again');
  dials[7].reject(new Error('no'));
  await turn();
  connector.renew();
  await turn();
  assert.equal(dials.length, 9, 'a wait ends too');
  connector.stop();
});

test('a link that spoke just now stays when the network is another one, a silent one does not', async (t) => {
  const { connector, dials } = setUp([WS]);
  connector.start();
  await turn();
  dials[0].resolve(dials[0].link);
  await turn();
  connector.confirm();
  await pass(t, 1_000);
  connector.renew();
  await turn();
  assert.equal(dials.length, 1);
  await pass(t, 600);
  connector.renew();
  await turn();
  assert.ok(dials[0].link.closed);
  assert.equal(dials.length, 2);
  connector.stop();
});

test('asking where the relay is does not hold up a new round when the network is back', async () => {
  /** @type {any[]} */
  const asked = [];
  const connector = new Connector({
    dial: async () => Promise.reject(new Error('no')),
    resolve: () => new Promise((resolve) => asked.push(resolve)),
    hooks: { onOpen() {}, onFrame() {}, onClose() {}, onWait() {} },
  });
  connector.start();
  await turn();
  connector.renew();
  await turn();
  assert.equal(asked.length, 2);
  connector.stop();
});

test('where there is no relay that is looked at every half minute, and at once when poked', async (t) => {
  const addresses = /** @type {string[]} */ ([]);
  const { connector, dials, events } = setUp(addresses, () => addresses.length === 0);
  connector.start();
  await turn();
  await pass(t, 29_000);
  assert.deepEqual(events, ['wait 0']);
  await pass(t, 2000);
  assert.deepEqual(events, ['wait 0', 'wait 1']);
  addresses.push(WS);
  connector.poke();
  await turn();
  assert.equal(dials.length, 1);
  connector.stop();
});

test('a link that is left is not dialled again, and another one is at once', async (t) => {
  const { connector, dials, events } = setUp([WS, RTC]);
  connector.start();
  await turn();
  dials[0].resolve(dials[0].link);
  await turn();
  connector.confirm();
  now += 2_500;
  connector.leave([RTC]);
  await pass(t, 100);
  assert.ok(dials[0].link.closed && events.includes('close left'));
  const dialled = () => dials.map(({ address }) => address);
  assert.deepEqual(dialled(), [WS, RTC]);
  // Where that one fails too, the one that was left is not gone back to.
  dials[1].reject(new Error('no'));
  await pass(t, 200);
  assert.deepEqual(dialled(), [WS, RTC, RTC]);
  connector.stop();
});
