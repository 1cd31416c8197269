// Moves of an untimed game that people pass on themselves, where there is no way from device to device.

import { handForm } from '../dialog-state.js';
import { saveFile } from '../device/download.js';

/** @import { Desk } from './desk.js' */

/** A file of moves is short; whatever is longer is none. */
const MAX_FILE = 200_000;
/** A picture from a phone's camera. */
const MAX_PICTURE = 40_000_000;

/**
 * @typedef {object} Detector The browser's own reader of codes, where it has one.
 * @property {(image: ImageBitmap) => Promise<{ rawValue: string }[]>} detect
 */

/**
 * What a QR code in a picture says.
 *
 * @param {Blob} picture
 * @returns {Promise<string>}
 */
async function readCode(picture) {
  const { BarcodeDetector } =
    /** @type {{ BarcodeDetector?: new (options: { formats: string[] }) => Detector }} */ (
      globalThis
    );
  if (!BarcodeDetector) {
    throw new Error('This browser cannot read QR codes. Ask for the text instead, and paste it.');
  }
  const image = await createImageBitmap(picture).catch(() => {
    throw new Error('This picture cannot be read.');
  });
  const found = await new BarcodeDetector({ formats: ['qr_code'] }).detect(image);
  if (!found[0]) throw new Error('There is no QR code in this picture that can be read.');
  return found[0].rawValue;
}

/** @param {Desk} desk */
export function passingOnWishes({ store, dispatch, game, say }) {
  const form = () => {
    const { dialog } = store.get();
    return dialog?.kind === 'hand' ? dialog : null;
  };

  /** @param {unknown} error */
  function fail(error) {
    const words = error instanceof Error ? error.message : String(error);
    dispatch({ type: 'form', fields: { busy: false, error: words } });
  }

  /** Takes in what stands in the form. */
  async function takeHand() {
    const opened = game();
    const filled = form();
    if (!filled || filled.busy || !opened || !('takeByHand' in opened)) return;
    dispatch({ type: 'form', fields: { busy: true } });
    try {
      await opened.takeByHand(filled.theirs);
      dispatch({ type: 'dialog', dialog: null });
      say('The moves are taken in.');
    } catch (error) {
      fail(error);
    }
  }

  return {
    openHand() {
      const opened = game();
      if (!opened || !('byHand' in opened)) return;
      dispatch({ type: 'dialog', dialog: handForm(opened.byHand()) });
    },

    saveHand() {
      const mine = form()?.mine;
      if (mine) saveFile('rookery-moves.txt', 'text/plain', mine);
    },

    /** @param {File} file */
    async openHandFile(file) {
      if (!form()) return;
      try {
        const picture = file.type.startsWith('image/');
        if (file.size > (picture ? MAX_PICTURE : MAX_FILE)) {
          throw new Error('This file is too large to be moves of a game.');
        }
        const theirs = picture ? await readCode(file) : await file.text();
        dispatch({ type: 'form', fields: { theirs } });
        await takeHand();
      } catch (error) {
        fail(error);
      }
    },

    takeHand,
  };
}
