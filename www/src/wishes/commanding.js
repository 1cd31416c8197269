// Playing by typed words, for those who listen: questions are answered aloud, wishes are granted as by the buttons.

import { answer, standing } from '../words/answers.js';
import { readCommand } from '../words/commands.js';
import { playerWords } from '../table/players.js';
import { shown } from '../table/table-state.js';

/**
 * @import { GameState } from '@rookery/peer'
 * @import { Command } from '../words/commands.js'
 * @import { Table } from '../table/table-state.js'
 * @import { Desk } from './desk.js'
 */

/**
 * @typedef {object} Doing What the buttons do.
 * @property {() => void} submitMove
 * @property {() => void} confirm
 * @property {() => void} cancelPlans
 * @property {(question: Table['question']) => void} question
 * @property {() => unknown} resign
 * @property {() => unknown} abort
 * @property {() => unknown} draw
 * @property {() => unknown} offerDraw
 * @property {() => unknown} agreeDraw
 * @property {() => unknown} askTakeback
 * @property {() => unknown} acceptTakeback
 * @property {() => unknown} decline
 * @property {() => unknown} leaveClock
 * @property {() => unknown} rematch
 * @property {() => unknown} declineRematch
 * @property {() => unknown} hint
 * @property {() => void} flip
 * @property {(ply: number) => void} showPly
 * @property {(by: number) => void} step
 * @property {(text: string) => Promise<boolean>} talk
 */

/**
 * @param {Desk} desk
 * @param {Doing} act
 */
export function commandWishes({ store, dispatch, table, go }, act) {
  const tell = (/** @type {string} */ words) => dispatch({ type: 'announce', words });

  /** @param {Table} current */
  function resign(current) {
    if (!current.game?.can.resign) tell('There is no game of yours to resign.');
    else if (current.question === 'resign') void act.resign();
    else {
      act.question('resign');
      tell('Resign this game? Type yes, or no to play on.');
    }
  }

  /** @param {Table} current */
  function draw({ game, kind }) {
    if (game?.can.acceptDraw || game?.can.claimDraw) void act.draw();
    else if (!game?.can.resign) tell('There is no game of yours to draw.');
    else if (game.offers.draw === game.you) tell('You offer a draw already.');
    else {
      act.offerDraw();
      if (kind === 'board') tell('Do both agree to a draw? Type yes, or no to play on.');
      else if (kind === 'peer' && game.turn !== game.you)
        tell('Your draw offer goes with your next move.');
    }
  }

  /** @param {Table} current */
  function takeback({ game }) {
    if (game?.can.acceptTakeback) void act.acceptTakeback();
    else if (game?.can.askTakeback) void act.askTakeback();
    else
      tell(game?.takebacks ? 'There is no move of yours to take back.' : 'Takebacks are off here.');
  }

  /** @param {Table} current */
  function yes({ question, candidate, game, rematch }) {
    if (question === 'resign') void act.resign();
    else if (question === 'draw') void act.agreeDraw();
    else if (candidate) act.confirm();
    else if (game?.can.acceptTakeback) void act.acceptTakeback();
    else if (game?.can.acceptDraw) void act.draw();
    else if (game?.leaving === 'asked') void act.leaveClock();
    else if (rematch.theirs) void act.rematch();
    else tell('Nothing is asked.');
  }

  /** @param {Table} current */
  function no({ question, candidate, premoves, game, rematch }) {
    if (question) {
      act.question(null);
      tell('The game goes on.');
    } else if (candidate || premoves.length > 0) act.cancelPlans();
    else if (game?.can.acceptDraw || game?.can.acceptTakeback) void act.decline();
    else if (game?.leaving === 'asked') void act.decline();
    else if (rematch.theirs) void act.declineRematch();
    else tell('Nothing is asked.');
  }

  /** @param {(current: Table) => void} look */
  function lookAt(look) {
    const before = table();
    if (!before?.game) return;
    look(before);
    const after = table();
    if (after?.game)
      tell(shown(after).live ? standing(after) : answer({ ask: 'last', count: 1 }, after, ''));
  }

  /**
   * @param {Extract<Command, { wish: string }>} command
   * @param {Table} current
   */
  function grant(command, current) {
    switch (command.wish) {
      case 'resign':
        return resign(current);
      case 'draw':
        return draw(current);
      case 'takeback':
        return takeback(current);
      case 'yes':
        return yes(current);
      case 'no':
        return no(current);
      case 'abort':
        if (current.game?.can.abort) void act.abort();
        else tell('The game can no longer be aborted.');
        return;
      case 'rematch':
        if (current.game?.phase === 'over') void act.rematch();
        else tell('The game is not over.');
        return;
      case 'hint':
        if (current.kind !== 'computer') tell('Hints are for games against the computer.');
        else if (current.game?.can.move) void act.hint();
        else tell('It is not your turn.');
        return;
      case 'untimed':
        if (current.game?.can.leaveClock) void act.leaveClock();
        else tell('There is no clock to leave.');
        return;
      case 'flip':
        act.flip();
        return tell('The board is turned.');
      case 'back':
        return lookAt(() => act.step(-1));
      case 'forward':
        return lookAt(() => act.step(1));
      case 'latest':
        return lookAt(() => act.showPly(Infinity));
      case 'say':
        void act.talk(command.text).then((said) => {
          if (said) tell(`You say: ${command.text}`);
          else if (current.kind !== 'peer') tell('There is nobody to talk to.');
        });
        return;
      case 'leave':
        go({ screen: 'home' });
    }
  }

  return {
    /** What was typed is done if it is a command, and played if it is a move. */
    submitTyped() {
      const current = table();
      if (!current?.game) return;
      const command = readCommand(current.moveText);
      if (!command) {
        act.submitMove();
        return;
      }
      const moveError = 'error' in command ? command.error : '';
      dispatch({
        type: 'table',
        fields: { moveText: moveError ? current.moveText : '', moveError },
      });
      if ('ask' in command) {
        tell(answer(command, current, playerWords(store.get(), current)));
      } else if ('wish' in command) grant(command, current);
    },
  };
}
