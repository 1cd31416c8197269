// Starting a game: the forms, what they ask for, and the ways into a game of somebody else.

import { readCode } from '../people/codes.js';
import { chosenClock } from '../table/clock.js';
import { boardForm, computerForm, createForm } from '../dialog-state.js';
import { engine, engineLevels } from '../table/engine.js';
import { whatIs } from '../archive/intake.js';
import { newRecord } from '../table/local-game.js';
import { saveLocalGame } from '../table/local-store.js';
import { routeFromPaste } from '../route.js';
import { opposite } from '../chess/rules.js';
import { startPosition } from '../chess/start-position.js';
import { shown } from '../table/table-state.js';
import { UNSAVED } from '../device/unsaved.js';

/**
 * @import { Game } from '@rookery/peer'
 * @import { FormFields } from '../dialog-state.js'
 * @import { LocalRecord } from '../table/local-game.js'
 * @import { Desk } from './desk.js'
 */

/** From 0 to below 1. */
const random = () => crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32;

/** A name for a game of this device: 16 hex digits. */
const freshId = () =>
  [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');

/**
 * @param {Desk} desk
 * @param {{ keepOpen: (game: Game) => void, joinOnOpen: (game: string) => void, bringText: (text: string) => unknown,
 *   openCode: (code: string) => unknown }} hooks
 *   `keepOpen` holds an own invitation
 *   until somebody sits down; `joinOnOpen` names the game whose seat is asked for as soon as it is on screen.
 */
export function startingWishes(desk, { keepOpen, joinOnOpen, bringText, openCode }) {
  const { store, dispatch, needPeer, go, complain } = desk;

  /**
   * A game of this device is kept before it is shown.
   *
   * @param {Parameters<typeof newRecord>[0]} choice
   */
  async function begin(choice) {
    const record = newRecord(choice);
    if (!(await saveLocalGame(record))) desk.say(UNSAVED);
    dispatch({ type: 'dialog', dialog: null });
    go({ screen: record.kind, id: record.id });
  }

  /** Connects; what hinders that is on screen. */
  function meetPeople() {
    needPeer().catch(() => {});
  }

  return {
    meetPeople,

    /**
     * The same once more, with colours swapped.
     *
     * @param {LocalRecord} record
     */
    beginAgain: ({ kind, level, levelName, you, turning, startFen, chess960 }) =>
      begin({
        ...{ kind, level, levelName, turning, startFen, chess960 },
        id: freshId(),
        nowMs: Date.now(),
        you: opposite(you),
      }),

    /** Takes back the invitation on screen. */
    async withdraw() {
      const open = desk.game();
      if (!open || !('say' in open)) return;
      try {
        await (await needPeer()).withdraw(open.id);
        go({ screen: 'home' });
      } catch (error) {
        complain(error);
      }
    },

    openComputerForm() {
      const last = store.get().localGames.find(({ kind }) => kind === 'computer');
      dispatch({
        type: 'dialog',
        dialog: computerForm(last?.level ?? 3),
      });
      // The engine loads while the person chooses.
      engine().catch(() => {});
      if (store.get().levels.length === 0) {
        engineLevels().then((levels) => dispatch({ type: 'levels', levels }), complain);
      }
    },

    /** The form for a game that begins in the position on the board. */
    playFromHere() {
      const current = desk.table();
      if (!current?.game) return;
      const { fen } = shown(current);
      const last = store.get().localGames.find(({ kind }) => kind === 'computer');
      const from = { start: /** @type {const} */ ('position'), fen };
      const colour = fen.split(' ')[1] === 'b' ? 'black' : 'white';
      dispatch({ type: 'dialog', dialog: { ...computerForm(last?.level ?? 3), ...from, colour } });
      engine().catch(() => {});
      if (store.get().levels.length === 0) {
        engineLevels().then((levels) => dispatch({ type: 'levels', levels }), complain);
      }
    },

    openBoardForm() {
      dispatch({ type: 'dialog', dialog: boardForm() });
    },

    openCreateForm() {
      dispatch({ type: 'dialog', dialog: createForm() });
      meetPeople();
    },

    closeDialog() {
      dispatch({ type: 'dialog', dialog: null });
    },

    /** @param {FormFields} fields */
    changeForm(fields) {
      dispatch({ type: 'form', fields });
    },

    async startComputer() {
      const { dialog, levels } = store.get();
      if (dialog?.kind !== 'computer') return;
      const start = startPosition(dialog, random);
      if ('error' in start) {
        dispatch({ type: 'form', fields: { error: start.error } });
        return;
      }
      const drawn = random() < 0.5 ? 'white' : 'black';
      await begin({
        id: freshId(),
        kind: 'computer',
        nowMs: Date.now(),
        level: dialog.level,
        levelName: levels.find(({ level }) => level === dialog.level)?.name ?? '',
        you: dialog.colour === 'random' ? drawn : dialog.colour,
        startFen: start.fen,
        chess960: start.chess960,
      });
    },

    async startBoard() {
      const { dialog } = store.get();
      if (dialog?.kind !== 'board') return;
      const start = startPosition(dialog, random);
      if ('error' in start) {
        dispatch({ type: 'form', fields: { error: start.error } });
        return;
      }
      await begin({
        id: freshId(),
        kind: 'board',
        nowMs: Date.now(),
        turning: dialog.turning,
        startFen: start.fen,
        chess960: start.chess960,
      });
    },

    async createGame() {
      const { dialog } = store.get();
      if (dialog?.kind !== 'create' || dialog.busy) return;
      const chosen = chosenClock(dialog);
      const begins = startPosition(dialog, random);
      const wrong = [chosen, begins].find((part) => 'error' in part);
      if ('error' in chosen || 'error' in begins) {
        const error = wrong && 'error' in wrong ? wrong.error : '';
        dispatch({ type: 'form', fields: { error } });
        return;
      }
      const { colour, takebacks, opponent } = dialog;
      dispatch({ type: 'form', fields: { busy: true } });
      try {
        const peer = await needPeer();
        const created = await peer.create({
          clock: chosen.clock,
          colour,
          takebacks,
          variant: begins.chess960 ? 'chess960' : 'standard',
          startFen: begins.fen,
          listed: dialog.listed && !opponent,
          ...(opponent ? { opponent } : {}),
        });
        const { id } = created;
        keepOpen(created);
        dispatch({ type: 'dialog', dialog: null });
        go(routeFromPaste(created.link()) ?? { screen: 'game', id, relay: null });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        dispatch({ type: 'form', fields: { busy: false, error: why } });
      }
    },

    /**
     * Sits down.
     *
     * @param {{ game: string, relay: string | null }} seek
     */
    joinSeek(seek) {
      joinOnOpen(seek.game);
      go({ screen: 'game', id: seek.game, relay: seek.relay });
    },

    /**
     * Shows what is offered; sitting down comes after that.
     *
     * @param {{ game: string, relay: string | null }} seek
     */
    lookAtSeek: ({ game, relay }) => go({ screen: 'game', id: game, relay }),

    /** @param {string} text */
    openPasted(text) {
      const route = routeFromPaste(text);
      const { kind } = whatIs(text);
      const code = readCode(text);
      if (route) go(route);
      else if (code) void openCode(code);
      else if (kind === 'fen' || kind === 'pgn') void bringText(text);
      else {
        dispatch({
          type: 'paste',
          busy: false,
          error:
            'There is no game in this. A code has 8 letters and digits, like K7QM-2X9P; a link ends in #/game/ and 64 of them.',
        });
      }
    },
  };
}
