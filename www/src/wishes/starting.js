// Starting a game: the forms, what they ask for, and the ways into a game of somebody else.

import { customClock, PRESETS } from '../clock.js';
import { newRecord } from '../computer-game.js';
import { saveComputerGame } from '../computer-store.js';
import { engine, engineLevels } from '../engine.js';
import { routeFromPaste } from '../route.js';
import { checkStart, INITIAL_FEN } from '../rules.js';

/**
 * @import { Clock, Game } from '@rookery/peer'
 * @import { Action } from '../app-state.js'
 * @import { Desk } from './desk.js'
 */

/**
 * @param {Desk} desk
 * @param {{ keepOpen: (game: Game) => void, joinOnOpen: (game: string) => void }} hooks `keepOpen` holds an own invitation
 *   until somebody sits down; `joinOnOpen` names the game whose seat is asked for as soon as it is on screen.
 */
export function startingWishes(desk, { keepOpen, joinOnOpen }) {
  const { store, dispatch, peerStarting, go, complain } = desk;
  return {
    openComputerForm() {
      const last = store.get().computerGames[0];
      dispatch({
        type: 'dialog',
        dialog: {
          kind: 'computer',
          level: last?.level ?? 3,
          colour: 'random',
          fen: '',
          error: '',
        },
      });
      // The engine loads while the person chooses.
      engine().catch(() => {});
      if (store.get().levels.length === 0) {
        engineLevels().then((levels) => dispatch({ type: 'levels', levels }), complain);
      }
    },

    openCreateForm() {
      dispatch({
        type: 'dialog',
        dialog: {
          kind: 'create',
          preset: '5+3',
          minutes: '20',
          increment: '10',
          colour: 'random',
          takebacks: true,
          listed: false,
          error: '',
          busy: false,
        },
      });
    },

    closeDialog() {
      dispatch({ type: 'dialog', dialog: null });
    },

    /** @param {Extract<Action, { type: 'form' }>['fields']} fields */
    changeForm(fields) {
      dispatch({ type: 'form', fields });
    },

    async startComputer() {
      const { dialog, levels } = store.get();
      if (dialog?.kind !== 'computer') return;
      const start = dialog.fen.trim() === '' ? { fen: INITIAL_FEN } : checkStart(dialog.fen);
      if ('error' in start) {
        dispatch({ type: 'form', fields: { error: start.error } });
        return;
      }
      const random = crypto.getRandomValues(new Uint8Array(9));
      const drawn = random[8] % 2 === 0 ? 'white' : 'black';
      const record = newRecord({
        id: [...random.slice(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
        nowMs: Date.now(),
        level: dialog.level,
        levelName: levels.find(({ level }) => level === dialog.level)?.name ?? '',
        you: dialog.colour === 'random' ? drawn : dialog.colour,
        startFen: start.fen,
      });
      try {
        await saveComputerGame(record);
        dispatch({ type: 'dialog', dialog: null });
        go({ screen: 'computer', id: record.id });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        dispatch({ type: 'form', fields: { error: `This device cannot keep the game: ${why}` } });
      }
    },

    async createGame() {
      const { dialog } = store.get();
      if (dialog?.kind !== 'create' || dialog.busy) return;
      const preset = PRESETS.find(({ id }) => id === dialog.preset);
      /** @type {{ clock: Clock } | { error: string }} */
      const chosen = preset ?? customClock(dialog.minutes, dialog.increment);
      if ('error' in chosen) {
        dispatch({ type: 'form', fields: { error: chosen.error } });
        return;
      }
      const { colour, takebacks, listed } = dialog;
      dispatch({ type: 'form', fields: { busy: true } });
      try {
        const peer = await peerStarting;
        const created = await peer.create({ clock: chosen.clock, colour, takebacks, listed });
        const { id } = created;
        keepOpen(created);
        dispatch({ type: 'dialog', dialog: null });
        go(routeFromPaste(created.link()) ?? { screen: 'game', id, relay: null });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        dispatch({ type: 'form', fields: { busy: false, error: why } });
      }
    },

    /** @param {{ game: string, relay: string | null }} seek */
    joinSeek(seek) {
      joinOnOpen(seek.game);
      go({ screen: 'game', id: seek.game, relay: seek.relay });
    },

    /** @param {string} text */
    openPasted(text) {
      const route = routeFromPaste(text);
      if (route) go(route);
      else {
        dispatch({
          type: 'paste-error',
          words: 'There is no game in this. A link ends in #/game/ and 64 letters and digits.',
        });
      }
    },
  };
}
