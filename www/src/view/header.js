// The bar on top: the way home, the state of the connection in words, and the theme.

import { html } from 'lit/html.js';
import { roundTrip } from '../words/words.js';
import { icons, mark } from './icons.js';
import { listeningSwitch } from './listening-switch.js';

/**
 * @import { AppState, PeerView, Theme } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 */

const SHORT = {
  offline: 'Offline',
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
};

/** @param {PeerView} peer */
function shortWords({ status, connection: { state, logBusy, noRelay } }) {
  if (status === 'asleep') return 'Local';
  return logBusy ? 'Relay busy' : noRelay ? 'No relay' : SHORT[state];
}

/** @type {Record<Theme, { next: Theme, words: string, icon: unknown }>} */
const THEMES = {
  auto: { next: 'light', words: 'as the device', icon: icons.device },
  light: { next: 'dark', words: 'light', icon: icons.sun },
  dark: { next: 'auto', words: 'dark', icon: icons.moon },
};

/**
 * @param {AppState} state
 * @param {Controller} act
 */
export function headerView(state, act) {
  const { peer, theme } = state;
  const { connection } = peer;
  const { words, icon, next } = THEMES[theme];
  const lag = connection.rttMs === null ? '' : ` ${roundTrip(connection.rttMs)} to the relay.`;
  return html`
    ${listeningSwitch(state, act)}
    <a class="brand" href="#/">${mark}<span>Rookery</span></a>
    <p
      class="connection"
      data-state=${connection.state}
      data-busy=${connection.logBusy ? 'true' : 'false'}
      title=${connection.words + lag}
    >
      <span class="dot" aria-hidden="true"></span>
      <span class="short">${shortWords(peer)}</span>
      <span class="rtt tabular" aria-hidden="true"
        >${connection.rttMs === null ? '' : roundTrip(connection.rttMs)}</span
      >
      <span class="hidden">${connection.words}</span>
    </p>
    <button class="icon-button" aria-label="Settings" title="Settings" @click=${act.openSettings}>
      ${icons.settings}
    </button>
    <button
      class="icon-button"
      aria-label=${`Theme: ${words}. Change`}
      title=${`Theme: ${words}`}
      @click=${() => act.setTheme(next)}
    >
      ${icon}
    </button>
  `;
}
