// The talk with the opponent. What a stranger wrote is text and nothing else, and takes no more room than it is given.

import { html, nothing } from 'lit/html.js';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { MAX_CHARS } from '../table/chat.js';
import { blockedOpponent } from '../table/players.js';
import { colourName } from '../words/words.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { AppState } from '../app-state.js'
 * @import { Controller } from '../controller.js'
 * @import { Table } from '../table/table-state.js'
 */

/**
 * @param {AppState} state
 * @param {Table} table Ready: it has a game.
 * @param {Controller} act
 */
export function chatView({ settings, peer, people }, table, act) {
  const { kind, chat } = table;
  const game = /** @type {GameState} */ (table.game);
  const { you } = game;
  if (kind !== 'peer' || !you || !settings.chat || blockedOpponent(game, people)) return nothing;
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const said = await act.talk(String(new FormData(form).get('line') ?? ''));
    if (said) form.reset();
  };
  const toggle = (/** @type {Event} */ event) => {
    const { open } = /** @type {HTMLDetailsElement} */ (event.currentTarget);
    if (open !== chat.open) act.openChat(open);
  };
  return html`<details class="chat" .open=${chat.open} @toggle=${toggle}>
    <summary>
      Chat${chat.unread > 0 ? html` <b class="unread">${chat.unread} new</b>` : nothing}
    </summary>
    ${guard(
      [chat.lines, chat.muted, settings.screenReader],
      () =>
        html`<div
          class="chat-lines"
          role="log"
          aria-live=${settings.screenReader ? 'off' : 'polite'}
          aria-label="Chat"
          tabindex="0"
          ${ref(toTheEnd)}
        >
          ${
            chat.lines.length > 0
              ? chat.lines.map(({ by, text }) =>
                  by
                    ? html`<p><b>${by === you ? 'You' : colourName(by)}</b> <bdi>${text}</bdi></p>`
                    : html`<p class="muted">${text}</p>`,
                )
              : html`<p class="muted">
                  ${chat.muted ? 'Your opponent is muted.' : 'Lines are signed, and kept nowhere.'}
                </p>`
          }
        </div>`,
    )}
    <form class="inline-form" @submit=${send}>
      <label class="hidden" for="chat-line">Say something</label>
      <input
        id="chat-line"
        name="line"
        autocomplete="off"
        enterkeyhint="send"
        maxlength=${MAX_CHARS}
        placeholder="Say something"
        ?disabled=${!peer.writer}
      />
      <button ?disabled=${!peer.writer}>Send</button>
      <button type="button" aria-pressed=${chat.muted ? 'true' : 'false'} @click=${act.mute}>
        ${chat.muted ? 'Muted' : 'Mute'}
      </button>
    </form>
  </details>`;
}

/**
 * The newest line is in sight once it is drawn.
 *
 * @param {Element | undefined} element
 */
function toTheEnd(element) {
  if (element) {
    queueMicrotask(() => {
      element.scrollTop = element.scrollHeight;
    });
  }
}
