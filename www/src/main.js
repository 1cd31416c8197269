// Starts the page: state, peer, controller, drawing, and the keys that work everywhere.

import { initialState, reduce } from './app-state.js';
import { createController } from './controller.js';
import { letNotice } from './words/notice.js';
import { linkPeer } from './peer-link.js';
import { createPeerNeed, needWhereTouched } from './peer-need.js';
import { forcedTransport, parseRoute, routeHash } from './route.js';
import { createStore } from './store.js';
import { storedFollows } from './people/follows.js';
import { storedKeepsake } from './archive/keepsake.js';
import { storedPeople, watchPeople } from './people/people.js';
import { storedTokens } from './people/tokens.js';
import { storedSettings } from './device/settings.js';
import { paintAround, storedTheme } from './device/theme.js';
import { followSwipes } from './device/swipe.js';
import { takeWhatIsBrought } from './archive/bringing.js';
import { draw } from './view/app.js';

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found;
}

const roots = {
  header: element('bar'),
  main: element('app'),
  overlay: element('overlay'),
  announcer: element('announcer'),
};
roots.main.replaceChildren();
paintAround(storedTheme());

const store = createStore(
  reduce,
  initialState(parseRoute(location.hash), storedTheme(), {
    settings: storedSettings(),
    keepsake: storedKeepsake(),
    follows: storedFollows(),
    people: storedPeople(),
    tokens: storedTokens(),
  }),
);
const peer = createPeerNeed(store, () =>
  linkPeer({
    base: new URL('./', document.baseURI).href,
    transport: forcedTransport(location),
    tokens: store.get().tokens,
    dispatch: store.dispatch,
  }),
);
peer.up.catch((error) => console.error(error));
needWhereTouched(peer);
const act = createController(store, peer);

letNotice(store);
watchPeople((people) => store.dispatch({ type: 'people', people }));

let drawn = false;
store.subscribe(() => {
  if (drawn) return;
  drawn = true;
  // Changes of one turn are drawn together; a microtask keeps it quick in a background tab too.
  queueMicrotask(() => {
    drawn = false;
    draw(roots, store.get(), act);
  });
});
draw(roots, store.get(), act);

function follow() {
  const route = parseRoute(location.hash);
  const bare = act.takeToken(route);
  // What opens a relay does not stay in the address, where others see it.
  if (bare !== route) history.replaceState(null, '', routeHash(bare));
  void act.follow(bare);
}
window.addEventListener('hashchange', follow);
follow();

takeWhatIsBrought(act);
followSwipes(roots.main, act.step);

document.addEventListener('keydown', (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const onControl = target.closest('button, a, summary') !== null;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (target.closest('input, textarea, select, dialog, [role=dialog]')) return;
  const { table } = store.get();
  if (!table?.game) return;
  if (event.key === 'ArrowLeft') act.step(-1);
  else if (event.key === 'ArrowRight') act.step(1);
  else if (event.key === 'Home' || event.key === 'ArrowUp') act.showPly(0);
  else if (event.key === 'End' || event.key === 'ArrowDown') act.showPly(Infinity);
  else if (event.key === 'f') act.flip();
  else if (event.key === 'Escape' && table.question) act.question(null);
  else if (event.key === 'Escape' && (table.candidate || table.premoves.length)) act.cancelPlans();
  else if (event.key === 'Enter' && table.candidate && !onControl) act.confirm();
  else return;
  event.preventDefault();
});
