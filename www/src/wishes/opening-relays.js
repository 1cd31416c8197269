// A private relay is opened: by the word that a person pastes, or by an invitation that carries it.

import { readToken, relayName, storeTokens, withToken } from '../people/tokens.js';

/**
 * @import { Route } from '../route.js'
 * @import { Desk } from './desk.js'
 */

/** @param {Desk} desk */
export function openingRelays({ store, dispatch, needPeer, complain }) {
  /**
   * @param {string} relay Its peer id.
   * @param {string} token
   */
  function give(relay, token) {
    const tokens = withToken(store.get().tokens, relay, token);
    dispatch({ type: 'tokens', tokens });
    storeTokens(tokens);
    // One that sleeps begins with what is kept; one that starts may have begun without.
    const { status } = store.get().peer;
    if (status === 'asleep' || status === 'failed') return;
    needPeer()
      .then((peer) => peer.setToken(relay, token))
      .catch(complain);
  }

  return {
    /** @param {boolean} openLink Whether the invitation on screen carries the word of its relay. */
    openLink: (openLink) => dispatch({ type: 'table', fields: { openLink } }),

    /** @param {string} text What was pasted for the relay that asks. */
    openRelay(text) {
      const asking = store.get().peer.connection.token;
      if (!asking) return;
      const token = readToken(text);
      if (token) give(asking.relay, token);
      else complain(new Error('The word is made of letters, digits and signs, without spaces.'));
    },

    /**
     * Takes the word out of an invitation.
     *
     * @param {Route} route
     * @returns {Route} The same without it.
     */
    takeToken(route) {
      if (route.screen !== 'game' || route.token === undefined) return route;
      const { token, ...bare } = route;
      const relay = relayName(route.relay);
      if (relay && readToken(token)) give(relay, token);
      return bare;
    },
  };
}
