// Looking through all games of this device, deleting some and bringing them back, taking all of them along.

import { loadImported, removeImported, saveImported } from '../archive/archive-store.js';
import { archiveEntries, findEntries } from '../archive/archive.js';
import { PAGE } from '../archive/archive-state.js';
import { saveFile } from '../device/download.js';
import { exportedPgn, gameAddress } from '../archive/pgn-export.js';
import { ImportedGame } from '../archive/imported-game.js';
import { localPgn } from '../table/local-game.js';
import { nameOf } from '../people/people.js';
import { loadLocalGame, removeLocalGame, saveLocalGame } from '../table/local-store.js';

/**
 * @import { ArchiveEntry, ArchiveQuery } from '../archive/archive.js'
 * @import { Desk } from './desk.js'
 */

/**
 * @param {Desk} desk
 * @param {() => Promise<void>} refresh Reads the lists of games again.
 */
export function archivingWishes({ store, dispatch, complain, say, needPeer }, refresh) {
  /** Brings back what was deleted last. @type {(() => Promise<void>) | null} */
  let undo = null;

  /** @returns {ArchiveEntry[]} */
  function found() {
    const { localGames, peer, people, archive } = store.get();
    const { games } = peer;
    return findEntries(
      archiveEntries({ localGames, games, imported: archive.imported }, (key) =>
        nameOf(people, key),
      ),
      archive.query,
    );
  }

  /**
   * @param {ArchiveEntry} entry
   * @returns {Promise<() => Promise<void>>} Brings it back.
   */
  async function remove({ kind, id }) {
    if (kind === 'peer') {
      const peer = await needPeer();
      const forgotten = await peer.forget(id);
      return () => peer.restore(forgotten);
    }
    if (kind === 'import') {
      const record = await loadImported(id);
      await removeImported(id);
      return async () => {
        if (record) await saveImported([record]);
      };
    }
    const record = await loadLocalGame(id);
    await removeLocalGame(id);
    return async () => {
      if (record) await saveLocalGame(record);
    };
  }

  /** @param {ArchiveEntry} entry */
  async function pgnOf({ kind, id }) {
    const { people, peer } = store.get();
    if (kind === 'peer') {
      const { relay = null, createdMs = null } = peer.games.find((kept) => kept.id === id) ?? {};
      const link = gameAddress(id, relay);
      const known = { people, player: peer.player, link, begunMs: createdMs };
      const pgn = await (await needPeer()).pgn(id);
      return pgn && exportedPgn(pgn, known);
    }
    if (kind === 'import') {
      const record = await loadImported(id);
      return record ? new ImportedGame(record).pgn() : '';
    }
    const record = await loadLocalGame(id);
    return record ? localPgn(record, people.own) : '';
  }

  return {
    /** @param {Partial<ArchiveQuery>} part */
    lookFor(part) {
      const { query } = store.get().archive;
      dispatch({ type: 'archive', fields: { query: { ...query, ...part } } });
    },

    showMore() {
      dispatch({ type: 'archive', fields: { shown: store.get().archive.shown + PAGE } });
    },

    /** @param {ArchiveEntry} entry */
    async deleteGame(entry) {
      try {
        undo = await remove(entry);
        await refresh();
        const words = `${entry.title}: deleted from this device.`;
        dispatch({ type: 'archive', fields: { deleted: words } });
        dispatch({ type: 'announce', words });
      } catch (error) {
        complain(error);
      }
    },

    async undelete() {
      const back = undo;
      undo = null;
      dispatch({ type: 'archive', fields: { deleted: '' } });
      try {
        await back?.();
        await refresh();
        say('The game is back.');
      } catch (error) {
        complain(error);
      }
    },

    /** Every game that is found, in one file. */
    async exportFound() {
      const entries = found();
      /** @type {string[]} */
      const games = [];
      try {
        for (const entry of entries) {
          const pgn = await pgnOf(entry);
          if (pgn.trim() !== '') games.push(pgn.trim());
        }
        if (games.length === 0)
          say('There is nothing to export here: a position without moves is no game.');
        else saveFile('rookery-games.pgn', 'application/x-chess-pgn', `${games.join('\n\n\n')}\n`);
        if (games.length > 0 && games.length < entries.length) {
          say(
            `${games.length} of ${entries.length} are in the file; the others have no moves to write down.`,
          );
        }
      } catch (error) {
        complain(error);
      }
    },
  };
}
