// The servers that help two devices to find each other, as relays name them in `rookery.json`.

/** More only slow the search down. */
const MAX_SERVERS = 4;
const MAX_TEXT = 500;

/**
 * @param {unknown} value
 * @returns {value is string}
 */
const isText = (value) => typeof value === 'string' && value.length <= MAX_TEXT;

/**
 * What a relay at `host` names: its own STUN port, and its host's TURN servers. What is not understood is left out.
 *
 * @param {{ stun?: unknown, turn?: unknown }} said
 * @param {string} host As in a URL.
 * @returns {RTCIceServer[]}
 */
export function iceServers({ stun, turn }, host) {
  /** @type {RTCIceServer[]} */
  const servers = [];
  const port = /** @type {{ port?: unknown } | null | undefined} */ (stun)?.port;
  if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) {
    servers.push({ urls: `stun:${host}:${port}` });
  }
  for (const server of Array.isArray(turn) ? turn.slice(0, MAX_SERVERS) : []) {
    const { urls, username, credential } = Object(server);
    const known = (Array.isArray(urls) ? urls : [])
      .slice(0, MAX_SERVERS)
      .filter((url) => isText(url) && /^turns?:[^\s]+$/.test(url));
    if (known.length > 0 && isText(username) && isText(credential)) {
      servers.push({ urls: known, username, credential });
    }
  }
  return servers;
}

/**
 * Those of several relays, without doubles, as many as are of use.
 *
 * @param {RTCIceServer[][]} found
 */
export function together(found) {
  const servers = new Map(found.flat().map((server) => [JSON.stringify(server), server]));
  return [...servers.values()].slice(0, MAX_SERVERS);
}
