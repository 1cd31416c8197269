// Own invitations stay open behind other screens, because it is this device that seats who joins.

/** @import { Game, GameSummary, Peer } from '@rookery/peer' */

/** Own open invitations that are taken up again after a reload. */
const REOPENED = 8;

/** @typedef {ReturnType<typeof createInvitations>} Invitations */

/** @param {(id: string) => void} onSeated Someone sat down in a game that is not on screen. */
export function createInvitations(onSeated) {
  /** @type {Map<string, { game: Game, forget: () => void }>} */
  const kept = new Map();

  /** @param {Game} game Open, and created here. */
  function keep(game) {
    const onChange = () => {
      const { phase } = game.state;
      if (phase === 'open') return;
      take(game.id)?.close();
      if (phase === 'playing') onSeated(game.id);
    };
    const listener = /** @type {EventListener} */ (onChange);
    game.addEventListener('change', listener);
    kept.set(game.id, { game, forget: () => game.removeEventListener('change', listener) });
  }

  /**
   * Hands an invitation back to the screen.
   *
   * @param {string} id
   * @returns {Game | null} Null when it is not kept here.
   */
  function take(id) {
    const found = kept.get(id);
    kept.delete(id);
    found?.forget();
    return found?.game ?? null;
  }

  /**
   * After a reload the invitations of this device are open again.
   *
   * @param {Peer} peer
   * @param {GameSummary[]} games
   * @param {() => string | undefined} onScreen Id of the game on screen, which holds itself.
   */
  async function reopen(peer, games, onScreen) {
    const open = games.filter(({ phase }) => phase === 'open').slice(0, REOPENED);
    for (const { id } of open) {
      if (kept.has(id) || onScreen() === id) continue;
      try {
        const game = await peer.open(id);
        // The peer gives one handle for a game, however often it is opened.
        if (onScreen() === id) continue;
        if (game.state.creator === peer.player && game.state.phase === 'open') keep(game);
        else game.close();
      } catch {
        // What cannot be opened now stays in the list and says why when it is chosen.
      }
    }
  }

  return { keep, take, reopen };
}
