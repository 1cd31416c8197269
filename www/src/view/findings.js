// What was found against the relay or a player: in plain words, with the file from which anybody can check what is proven. The notice that
// came with it was said already, so this is no live region.

import { html, nothing } from 'lit/html.js';
import { icons } from './icons.js';

/**
 * @import { Finding } from '@rookery/peer'
 * @import { Table } from '../table/table-state.js'
 * @import { Controller } from '../controller.js'
 */

/**
 * @param {Table} table
 * @param {Controller} act
 */
export function findingsView({ kind, game }, act) {
  const findings = game?.findings ?? [];
  if (kind !== 'peer' || findings.length === 0) return nothing;
  const proven = findings.some((finding) => finding.proven);
  return html`<section class="findings" aria-labelledby="findings-title">
    <h2 id="findings-title">${title(findings)}</h2>
    <ul>
      ${findings.map(({ words }) => html`<li>${words}</li>`)}
    </ul>
    <button class="quiet" @click=${act.downloadEvidence}>
      ${icons.save}${proven ? 'Save the proof' : 'Save what was sent'}
    </button>
  </section>`;
}

/** @param {Finding[]} findings */
export function title(findings) {
  const proven = findings.filter((finding) => finding.proven);
  if (proven.length === 0) return 'Something is wrong with the relay';
  const relay = proven.some(({ against }) => against === 'relay');
  const player = proven.some(({ against }) => against !== 'relay');
  if (relay && player) return 'The relay and a player were caught cheating';
  return relay ? 'The relay was caught cheating' : 'A player was caught cheating';
}
