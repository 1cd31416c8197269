// A channel between the devices of the two players, by WebRTC. The relay passes on one description each way, signed by its
// player; from then on it is not needed. The game's creator offers, so that two offers never cross.

/** The data channel's name; another protocol would have another one. */
const LABEL = '/rookery/direct/1';
/** How long candidates are collected before the description is sent, in ms. */
const GATHER_MS = 1500;
/** How long a description waits for the channel to open, in ms. */
const OPEN_MS = 15_000;
/** Between attempts, in ms: doubled each time, up to the last. */
const AGAIN_MS = { first: 4000, last: 60_000 };
/** What may wait to be sent before the channel is given up, in bytes. */
const MAX_WAITING = 4 * 1024 * 1024;
/** The longest message, as the protocol has it, in bytes. */
const MAX_MESSAGE = 64 * 1024;

/**
 * @typedef {object} Signal What the two pages say to each other through the relay.
 * @property {1} v
 * @property {string} [attempt] Which offer this is, or is answered.
 * @property {RTCSessionDescriptionInit} [description]
 * @property {true} [want] Whoever may not offer asks for an offer.
 *
 * @typedef {object} DirectHooks
 * @property {(data: string) => void} signal Says something through the relay; may be lost.
 * @property {() => boolean} canSignal Whether the other player's page can hear it now.
 * @property {() => void} onOpen
 * @property {(message: Uint8Array) => void} onMessage
 * @property {() => void} onClose
 */

/**
 * @param {string} data
 * @returns {Signal | null}
 */
export function readSignal(data) {
  try {
    const signal = JSON.parse(data);
    if (signal?.v !== 1) return null;
    const { attempt, description, want } = signal;
    if (want === true) return { v: 1, want };
    const { type, sdp } = description ?? {};
    const sound =
      typeof attempt === 'string' &&
      attempt.length <= 64 &&
      (type === 'offer' || type === 'answer') &&
      typeof sdp === 'string';
    return sound ? { v: 1, attempt, description: { type, sdp } } : null;
  } catch {
    return null;
  }
}

export class DirectChannel {
  #offers;
  #ice;
  #hooks;
  /** @type {RTCPeerConnection | null} */
  #connection = null;
  /** @type {RTCDataChannel | null} */
  #channel = null;
  #open = false;
  #attempt = '';
  #waitMs = AGAIN_MS.first;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #stopped = false;

  /**
   * @param {object} options
   * @param {boolean} options.offers
   * @param {() => RTCIceServer[]} options.ice What helps devices to find each other.
   * @param {DirectHooks} options.hooks
   */
  constructor({ offers, ice, hooks }) {
    this.#offers = offers;
    this.#ice = ice;
    this.#hooks = hooks;
    queueMicrotask(() => this.#try());
  }

  get isOpen() {
    return this.#open;
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** The other player may be reachable again. */
  poke() {
    if (this.#open || this.#stopped) return;
    this.#waitMs = AGAIN_MS.first;
    if (!this.#connection) this.#try();
  }

  /**
   * The channel stays, and is offered again by this side or the other one from now on.
   *
   * @param {boolean} offers
   */
  serve(offers) {
    this.#offers = offers;
  }

  /** @param {Uint8Array<ArrayBuffer>} message */
  send(message) {
    if (!this.#open || !this.#channel) return;
    try {
      if (this.#channel.bufferedAmount > MAX_WAITING) throw new Error('nothing gets through');
      this.#channel.send(message);
    } catch {
      this.fail();
    }
  }

  /** What came by the channel, or what is on it, is not to be trusted any more: begin again. */
  fail() {
    this.#drop();
    this.#later();
  }

  /** @param {string} data */
  async heard(data) {
    const signal = readSignal(data);
    if (!signal || this.#stopped) return;
    const { attempt = '', description, want } = signal;
    try {
      if (want && this.#offers) {
        // The other page was loaded anew: a channel that it knows nothing of is of no use.
        this.#drop();
        this.#try();
      } else if (description?.type === 'offer' && !this.#offers) {
        await this.#answer(attempt, description);
      } else if (description?.type === 'answer' && this.#offers && attempt === this.#attempt) {
        if (this.#connection?.signalingState === 'have-local-offer') {
          await this.#connection.setRemoteDescription(description);
        }
      }
    } catch {
      // A description that the browser does not take: the next attempt brings another one.
      this.fail();
    }
  }

  #try() {
    clearTimeout(this.#timer);
    if (this.#stopped || this.#open) return;
    if (!this.#hooks.canSignal()) return this.#later();
    if (this.#offers) void this.#offer().catch(() => this.fail());
    else this.#hooks.signal(JSON.stringify({ v: 1, want: true }));
    this.#later();
  }

  #later() {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(
      () => {
        if (this.#open) return;
        this.#drop();
        this.#try();
      },
      Math.max(this.#waitMs, this.#connection ? OPEN_MS : 0),
    );
    this.#waitMs = Math.min(2 * this.#waitMs, AGAIN_MS.last);
  }

  async #offer() {
    const connection = this.#connect();
    this.#attempt = crypto.getRandomValues(new Uint32Array(2)).join('-');
    this.#follow(connection.createDataChannel(LABEL, { ordered: true }));
    await connection.setLocalDescription();
    await this.#say(connection);
  }

  /**
   * @param {string} attempt
   * @param {RTCSessionDescriptionInit} offer
   */
  async #answer(attempt, offer) {
    this.#drop();
    const connection = this.#connect();
    this.#attempt = attempt;
    connection.ondatachannel = ({ channel }) => {
      if (channel.label === LABEL && !this.#channel) this.#follow(channel);
      else channel.close();
    };
    this.#later();
    await connection.setRemoteDescription(offer);
    await connection.setLocalDescription();
    await this.#say(connection);
  }

  /** @param {RTCPeerConnection} connection */
  async #say(connection) {
    await gathered(connection, GATHER_MS);
    if (connection !== this.#connection || !connection.localDescription) return;
    const { type, sdp } = connection.localDescription;
    this.#hooks.signal(
      JSON.stringify({ v: 1, attempt: this.#attempt, description: { type, sdp } }),
    );
  }

  #connect() {
    const connection = new RTCPeerConnection({ iceServers: this.#ice() });
    this.#connection = connection;
    connection.onconnectionstatechange = () => {
      if (connection === this.#connection && connection.connectionState === 'failed') this.fail();
    };
    return connection;
  }

  /** @param {RTCDataChannel} channel */
  #follow(channel) {
    this.#channel = channel;
    channel.binaryType = 'arraybuffer';
    channel.onopen = () => {
      if (channel !== this.#channel) return;
      this.#open = true;
      this.#waitMs = AGAIN_MS.first;
      clearTimeout(this.#timer);
      this.#hooks.onOpen();
    };
    channel.onmessage = ({ data }) => {
      if (channel !== this.#channel) return;
      if (data instanceof ArrayBuffer && data.byteLength <= MAX_MESSAGE) {
        this.#hooks.onMessage(new Uint8Array(data));
      } else this.fail();
    };
    channel.onclose = () => {
      if (channel === this.#channel) this.fail();
    };
  }

  #drop() {
    const connection = this.#connection;
    const open = this.#open;
    this.#connection = null;
    this.#channel = null;
    this.#open = false;
    this.#attempt = '';
    connection?.close();
    if (open) this.#hooks.onClose();
  }
}

/**
 * Resolves when all candidates are in the description, or after a while with those that are.
 *
 * @param {RTCPeerConnection} connection
 * @param {number} withinMs
 */
function gathered(connection, withinMs) {
  return new Promise((/** @type {(value: void) => void} */ resolve) => {
    const done = () => {
      clearTimeout(timer);
      connection.removeEventListener('icegatheringstatechange', look);
      resolve();
    };
    const look = () => connection.iceGatheringState === 'complete' && done();
    const timer = setTimeout(done, withinMs);
    connection.addEventListener('icegatheringstatechange', look);
    look();
  });
}
