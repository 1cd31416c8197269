// A game against the computer, as a person sets it up.

/** @import { Player } from './player.mjs' */

/**
 * @param {Player} player At home.
 * @param {{ level: number, colour: string, fen?: string, chess960?: string }} choice
 */
export async function challenge(player, { level, colour, fen, chess960 }) {
  await player.press('Play the computer');
  const form = player.page.getByRole('dialog', { name: 'Play the computer' });
  await form.getByRole('radio', { name: String(level), exact: true }).check();
  await form.getByRole('radio', { name: colour, exact: true }).check();
  if (chess960) {
    await form.getByRole('radio', { name: 'Chess960' }).check();
    await form.getByLabel('Number, 0 to 959').fill(chess960);
  }
  if (fen) {
    await form.getByRole('radio', { name: 'Position' }).check();
    await form.getByLabel('Position (FEN)').fill(fen);
  }
  await form.getByRole('button', { name: 'Start', exact: true }).click();
  return player.sees({ screen: 'game' });
}
