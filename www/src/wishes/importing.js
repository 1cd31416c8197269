// Bringing games in: a file, text, a link. Reading is done in slices, so that the page stays quick however large the file is.

import { saveImported, listImported } from '../archive/archive-store.js';
import { ANY } from '../archive/archive.js';
import { importFen, importGame } from '../archive/imported-record.js';
import { MAX_FILE_BYTES, MAX_GAMES, sizeWords, whatIs } from '../archive/intake.js';
import { PgnSplitter } from '../archive/pgn-split.js';

/**
 * @import { ImportedRecord } from '../archive/imported-record.js'
 * @import { Desk } from './desk.js'
 */

/** Bytes that are read and decoded at once. */
const SLICE = 65_536;
/** The page gets its turn after so long, in ms. */
const TURN_MS = 10;
/** Games that are kept by one transaction. */
const BATCH = 200;
/** Sentences about single games that are shown. */
const DETAILS = 20;

/** Lets the page draw and hear before the work goes on. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

/**
 * @param {Desk} desk
 * @param {object} hooks
 * @param {() => Promise<void>} hooks.refresh Reads the lists of games again.
 * @param {(text: string, name: string) => void} hooks.bringBackup Takes a file of settings or a key.
 */
export function importingWishes({ store, dispatch, go, say, needPeer }, { refresh, bringBackup }) {
  /** @type {AbortController | null} */
  let reading = null;

  /**
   * @param {boolean} failed
   * @param {string} words
   * @param {string[]} [details]
   */
  function report(failed, words, details = []) {
    dispatch({ type: 'archive', fields: { importing: null, report: { failed, words, details } } });
    if (store.get().route.screen !== 'games') go({ screen: 'games' });
    dispatch({ type: 'announce', words });
  }

  /**
   * @param {Blob} blob Text in UTF-8, or in the old Western encoding.
   * @param {string} name
   * @param {AbortSignal} signal
   */
  async function readGames(blob, name, signal) {
    const known = new Set((await listImported()).map(({ id }) => id));
    const splitter = new PgnSplitter();
    let decoder = new TextDecoder('utf-8', { fatal: true });
    /** @type {ImportedRecord[]} */
    let batch = [];
    /** @type {string[]} */
    const problems = [];
    const count = { kept: 0, again: 0, last: '' };
    let since = performance.now();

    const keep = async () => {
      await saveImported(batch);
      count.kept += batch.length;
      batch = [];
    };
    /** @param {string[]} texts @param {number} done @returns {Promise<boolean>} Whether there may be more. */
    const take = async (texts, done) => {
      for (const text of texts) {
        if (signal.aborted) return false;
        if (count.kept + batch.length >= MAX_GAMES) return false;
        const { record, problem } = importGame(text, Date.now());
        if (problem) problems.push(problem);
        if (record) {
          count.last = record.id;
          if (known.has(record.id)) count.again += 1;
          else batch.push(record);
          known.add(record.id);
        }
        if (batch.length >= BATCH) await keep();
        if (performance.now() - since > TURN_MS) {
          const games = count.kept + batch.length;
          dispatch({ type: 'archive', fields: { importing: { name, done, games } } });
          await turn();
          since = performance.now();
        }
      }
      return true;
    };

    let more = true;
    for (let at = 0; at < blob.size && more; at += SLICE) {
      const bytes = await blob.slice(at, at + SLICE).arrayBuffer();
      let text;
      try {
        text = decoder.decode(bytes, { stream: true });
      } catch {
        decoder = new TextDecoder('windows-1252');
        text = decoder.decode(bytes, { stream: true });
      }
      more = await take(splitter.push(text), at / blob.size);
    }
    if (more) more = await take(splitter.end(), 1);
    await keep();
    return { ...count, problems, full: !more && !signal.aborted, stopped: signal.aborted };
  }

  /** @param {Awaited<ReturnType<typeof readGames>>} read @param {string} name */
  async function tell({ kept, again, last, problems, full, stopped }, name) {
    await refresh();
    const found = kept + again;
    if (found === 1 && !full && !stopped) {
      dispatch({ type: 'archive', fields: { importing: null, report: null, pasting: false } });
      if (problems.length > 0) say(problems[0]);
      go({ screen: 'import', id: last });
      return;
    }
    const games = (/** @type {number} */ n) => (n === 1 ? '1 game' : `${n} games`);
    if (found === 0) {
      const words =
        problems.length > 0 ? `No game of ${name} can be kept.` : `There is no game in ${name}.`;
      report(true, words, problems.slice(0, DETAILS));
      return;
    }
    const sentences = [`${games(kept)} of ${name} ${kept === 1 ? 'is' : 'are'} kept here now.`];
    if (again > 0) sentences.push(`${games(again)} ${again === 1 ? 'was' : 'were'} here already.`);
    if (stopped) sentences.push('The rest was not read, as you asked.');
    if (full)
      sentences.push(`At most ${MAX_GAMES} games of a file are kept: split it for the rest.`);
    if (problems.length > 0) sentences.push(`${games(problems.length)} could not be read whole:`);
    const details = problems.slice(0, DETAILS);
    if (problems.length > DETAILS) details.push(`… and ${problems.length - DETAILS} more.`);
    dispatch({ type: 'archive', fields: { query: { ...ANY, kind: 'import' }, pasting: false } });
    report(false, sentences.join(' '), details);
  }

  /** @param {Blob} blob @param {string} name */
  async function bringGames(blob, name) {
    if (reading) {
      say('A file is being read. Wait for its end, or stop it under “Games”.');
      return;
    }
    const mine = (reading = new AbortController());
    dispatch({ type: 'archive', fields: { importing: { name, done: 0, games: 0 }, report: null } });
    try {
      await tell(await readGames(blob, name, mine.signal), name);
    } catch (error) {
      await refresh();
      const why = error instanceof Error ? error.message : String(error);
      const full = error instanceof DOMException && error.name === 'QuotaExceededError';
      report(
        true,
        full
          ? `This device has no room for all games of ${name}. Those that are listed are kept; delete some and try again.`
          : `${name} could not be kept: ${why}`,
      );
    } finally {
      reading = null;
    }
  }

  /** @param {string} text */
  async function bringPosition(text) {
    const read = importFen(text, Date.now());
    if ('error' in read) {
      report(true, `This position is impossible. ${read.error}`);
      return;
    }
    try {
      await saveImported([read.record]);
      dispatch({ type: 'archive', fields: { report: null, pasting: false } });
      go({ screen: 'import', id: read.record.id });
    } catch (error) {
      report(
        true,
        `The position could not be kept: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  /** @param {File} file */
  async function bringSigned(file) {
    try {
      const peer = await needPeer();
      const { id, pgn } = await peer.readSigned(new Uint8Array(await file.arrayBuffer()));
      if ((await peer.games()).some((kept) => kept.id === id)) {
        go({ screen: 'game', id, relay: null });
        return;
      }
      const signed = pgn.replace('[Event "Rookery game"]', '[Event "Signed game, checked here"]');
      await bringGames(new Blob([signed]), file.name);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      report(true, `${file.name} is no signed game that can be read: ${why}`);
    }
  }

  /** @param {string} text @param {string} [name] How it is called in a sentence. */
  async function bringText(text, name = 'the text') {
    const brought = whatIs(text);
    switch (brought.kind) {
      case 'link':
        go(brought.route);
        return;
      case 'fen':
        await bringPosition(brought.text);
        return;
      case 'pgn':
        await bringGames(new Blob([text]), name);
        return;
      case 'json':
        bringBackup(text, name);
        return;
      default:
        report(true, `There is no game, position or link in ${name}.`);
    }
  }

  return {
    bringText,

    /** @param {Iterable<File>} files */
    async bringFiles(files) {
      for (const file of files) {
        const name = file.name || 'the file';
        if (file.size > MAX_FILE_BYTES) {
          report(
            true,
            `${name} has ${sizeWords(file.size)}. At most ${sizeWords(MAX_FILE_BYTES)} can be read at once: split it into smaller files. Nothing was changed.`,
          );
        } else if (/\.rook$/i.test(name)) await bringSigned(file);
        else {
          const head = await file.slice(0, SLICE).text();
          const brought = whatIs(head);
          if (brought.kind === 'pgn' || /\.pgn$/i.test(name)) await bringGames(file, name);
          else await bringText(await file.text(), name);
        }
      }
    },

    stopImport: () => reading?.abort(),

    closeReport: () => dispatch({ type: 'archive', fields: { report: null } }),

    /** @param {boolean} pasting */
    openPasting: (pasting) => dispatch({ type: 'archive', fields: { pasting } }),

    /** @param {boolean} dragging */
    drag(dragging) {
      if (store.get().archive.dragging !== dragging)
        dispatch({ type: 'archive', fields: { dragging } });
    },
  };
}
