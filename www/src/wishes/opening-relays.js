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
  async function give(relay, token) {
    const tokens = withToken(store.get().tokens, relay, token);
    dispatch({ type: 'tokens', tokens });
    storeTokens(tokens);
    // One that is not up yet begins with what is kept.
    if (store.get().peer.status !== 'ready') return;
    try {
      (await needPeer()).setToken(relay, token);
    } catch (error) {
      complain(error);
    }
  }

  return {
    /** @param {boolean} openLink Whether the invitation on screen carries the word of its relay. */
    openLink: (openLink) => dispatch({ type: 'table', fields: { openLink } }),

    /** @param {string} text What was pasted for the relay that asks. */
    async openRelay(text) {
      const asking = store.get().peer.connection.token;
      if (!asking) return;
      const token = readToken(text);
      if (token) await give(asking.relay, token);
      else complain(new Error('The word is made of letters, digits and signs, without spaces.'));
    },

    /**
     * Takes the word out of an invitation.
     *
     * @param {Route} route
     * @returns {Promise<Route>} The same without it.
     */
    async takeToken(route) {
      if (route.screen !== 'game' || route.token === undefined) return route;
      const { token, ...bare } = route;
      const relay = relayName(route.relay);
      if (relay && readToken(token)) await give(relay, token);
      return bare;
    },
  };
}
