// What the role may do decides which views there are; the address says which one is looked at.
import {call} from '/console/api.js';
import {startAsk} from '/console/ask.js';
import {showCache, startCache} from '/console/cache.js';
import {byId, showProblem} from '/console/dom.js';
import {showOverview, startOverview} from '/console/overview.js';

const VIEWS = ['ask', 'cache', 'overview'];

function route() {
  const wanted = location.hash.slice(1);
  const link = document.querySelector('nav a[href="#' + CSS.escape(wanted) + '"]');
  const view = VIEWS.includes(wanted) && link && !link.hidden ? wanted : 'ask';
  for (const name of VIEWS) {
    byId(name).hidden = name !== view;
    const tab = document.querySelector('nav a[href="#' + name + '"]');
    if (name === view) {
      tab.setAttribute('aria-current', 'page');
    } else {
      tab.removeAttribute('aria-current');
    }
  }
  document.title = document.querySelector('nav a[aria-current]').textContent + ' · AI Worker';
  if (view === 'cache') {
    showCache();
  }
  showOverview(view === 'overview');
}

const AGAIN_MS = 2000;
// a gateway that ends may leave a request without an answer
const LONGEST_MS = 10000;

async function start() {
  try {
    const session = await call('/session', undefined, AbortSignal.timeout(LONGEST_MS));
    byId('notice').replaceChildren();
    const may = session.may;
    byId('who').textContent = session.role + ' in ' + session.database;
    document.querySelector('nav a[href="#cache"]').hidden = !may.entries;
    document.querySelector('nav a[href="#overview"]').hidden = !(may.stats || may.health);
    startAsk(may);
    startCache(may);
    startOverview(may);
    addEventListener('hashchange', route);
    route();
    document.body.dataset.ready = 'yes';
  } catch (error) {
    if (byId('notice').querySelector('strong')?.textContent !== error.message) {
      showProblem(byId('notice'), error);
    }
    if (!error.status || error.status === 503 || error.status === 429) {
      setTimeout(start, AGAIN_MS);
    }
  }
}

start();
