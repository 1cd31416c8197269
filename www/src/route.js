// Which screen an address means. Everything lies in the fragment, so the page works from any folder of any host, and the word that
// opens a private relay is sent to no server with the address.

/**
 * @typedef {{ screen: 'home' }
 *   | { screen: 'games' }
 *   | { screen: 'watch' }
 *   | { screen: 'import', id: string }
 *   | { screen: 'game', id: string, relay: string | null, token?: string }
 *   | { screen: 'computer' | 'board', id: string | null }} Route
 */

const GAME_ID = /^[0-9a-f]{64}$/;
const LOCAL_ID = /^[0-9a-f]{16}$/;

/**
 * @param {string} hash `location.hash`, with or without its `#`.
 * @returns {Route} Home for anything it does not know.
 */
export function parseRoute(hash) {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const parts = path.split('/').filter(Boolean);
  if (parts[0] === 'game' && parts.length === 2) {
    const id = parts[1].toLowerCase();
    if (GAME_ID.test(id)) {
      const said = new URLSearchParams(query);
      const token = said.get('token');
      const route = { screen: /** @type {const} */ ('game'), id, relay: said.get('relay') || null };
      return token ? { ...route, token } : route;
    }
  }
  if ((parts[0] === 'games' || parts[0] === 'watch') && parts.length === 1) {
    return { screen: parts[0] };
  }
  if (parts[0] === 'import' && parts.length === 2 && LOCAL_ID.test(parts[1])) {
    return { screen: 'import', id: parts[1] };
  }
  if ((parts[0] === 'computer' || parts[0] === 'board') && parts.length <= 2) {
    const id = parts[1] ?? null;
    if (id === null || LOCAL_ID.test(id)) return { screen: parts[0], id };
  }
  return { screen: 'home' };
}

/**
 * @param {Route} route
 * @returns {string} A fragment that starts with `#`.
 */
export function routeHash(route) {
  if (route.screen === 'game') {
    const { relay, token } = route;
    const said = Object.entries({ relay, token })
      .filter(([, value]) => value)
      .map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`);
    return `#/game/${route.id}${said.length > 0 ? `?${said.join('&')}` : ''}`;
  }
  if (route.screen === 'home') return '#/';
  if (route.screen === 'games' || route.screen === 'watch') return `#/${route.screen}`;
  return route.id ? `#/${route.screen}/${route.id}` : `#/${route.screen}`;
}

/**
 * What a person pasted: a whole link, its fragment, or the bare code of a game.
 *
 * @param {string} text
 * @returns {Route | null} Null when there is no game in it.
 */
export function routeFromPaste(text) {
  const trimmed = text.trim();
  if (GAME_ID.test(trimmed.toLowerCase())) {
    return { screen: 'game', id: trimmed.toLowerCase(), relay: null };
  }
  const at = trimmed.indexOf('#');
  const route = parseRoute(at < 0 ? trimmed : trimmed.slice(at));
  return route.screen === 'game' ? route : null;
}

/**
 * The transport that an address forces by `?transport=`, before the fragment or inside it.
 *
 * @param {{ search: string, hash: string }} location
 * @returns {'ws' | 'webrtc' | undefined}
 */
export function forcedTransport({ search, hash }) {
  const value =
    new URLSearchParams(search).get('transport') ??
    new URLSearchParams(hash.split('?', 2)[1] ?? '').get('transport');
  return value === 'ws' || value === 'webrtc' ? value : undefined;
}
