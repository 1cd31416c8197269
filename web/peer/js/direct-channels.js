// The channels to the other players of a session's games: which are wanted, and what goes through them.

import { DirectChannel } from './direct-channel.js';

/**
 * @import { GameId } from './index.d.ts'
 * @import { PeerCore } from './rookery_web_peer.js'
 */

export class DirectChannels {
  #core;
  #run;
  #ice;
  /** @type {Map<GameId, { channel: DirectChannel, heard: boolean, bind: (id: GameId) => void }>} */
  #open = new Map();

  /**
   * @param {object} options
   * @param {PeerCore} options.core
   * @param {(outputs: unknown[]) => void} options.run Carries out what the core asks for.
   * @param {() => RTCIceServer[]} options.ice What helps devices to find each other.
   */
  constructor({ core, run, ice }) {
    this.#core = core;
    this.#run = run;
    this.#ice = ice;
  }

  /**
   * Something of a game changed: a channel may be wanted, or not any more, or the other player may have come.
   *
   * @param {GameId} id
   */
  look(id) {
    const offers = this.#core.direct_role(id);
    const known = this.#open.get(id);
    if (offers === undefined) {
      if (known) this.#end(id, known.channel);
      return;
    }
    if (typeof RTCPeerConnection !== 'function') return;
    const can = this.#core.can_signal(id);
    if (known) {
      const came = can && !known.heard;
      known.heard = can;
      if (came) known.channel.poke();
      return;
    }
    let game = id;
    const channel = new DirectChannel({
      offers,
      ice: this.#ice,
      hooks: {
        signal: (data) => this.#try(() => this.#core.signal(game, data)),
        canSignal: () => this.#core.can_signal(game),
        onOpen: () => this.#try(() => this.#core.direct_opened(game)),
        onMessage: (message) => {
          if (!this.#try(() => this.#core.direct_received(game, message))) channel.fail();
        },
        onClose: () => this.#try(() => this.#core.direct_closed(game)),
      },
    });
    const bind = (/** @type {GameId} */ next) => {
      game = next;
    };
    this.#open.set(id, { channel, heard: can, bind });
  }

  /**
   * The players go on in another game, and so does their channel.
   *
   * @param {GameId} from
   * @param {GameId} to
   */
  carryOver(from, to) {
    const known = this.#open.get(from);
    if (!known) return;
    const begun = this.#open.get(to);
    if (begun) this.#end(to, begun.channel);
    this.#open.delete(from);
    known.bind(to);
    known.channel.serve(this.#core.direct_role(to) ?? false);
    this.#open.set(to, { ...known, heard: this.#core.can_signal(to) });
  }

  /**
   * @param {GameId} id
   * @param {string} data
   */
  heard(id, data) {
    void this.#open.get(id)?.channel.heard(data);
  }

  /**
   * @param {GameId} id
   * @param {Uint8Array<ArrayBuffer>} message
   */
  send(id, message) {
    this.#open.get(id)?.channel.send(message);
  }

  /** The network may be another one, or the page is looked at again. */
  poke() {
    for (const { channel } of this.#open.values()) channel.poke();
  }

  stop() {
    for (const [id, { channel }] of this.#open) this.#end(id, channel);
  }

  /**
   * @param {GameId} id
   * @param {DirectChannel} channel
   */
  #end(id, channel) {
    this.#open.delete(id);
    channel.stop();
  }

  /** @param {() => unknown[]} act */
  #try(act) {
    let outputs;
    try {
      outputs = act();
    } catch {
      // Without a relay nothing can be signalled; what is not understood closes the channel.
      return false;
    }
    this.#run(outputs);
    return true;
  }
}
