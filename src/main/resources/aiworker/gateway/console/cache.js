// The view of what is cached.
import {call, Problem} from '/console/api.js';
import {byId, confirmed, element, highlighted, moment, number, showProblem, table} from '/console/dom.js';

const PAGE = 50;
let may;
let shown = [];

export function startCache(rights) {
  may = rights;
  byId('cache-invalidate').hidden = !may.invalidate;
  byId('cleanup').hidden = !may.cleanup;
  byId('cache-search').addEventListener('submit', (event) => {
    event.preventDefault();
    showCache();
  });
  byId('cache-invalidate').addEventListener('submit', async (event) => {
    event.preventDefault();
    const version = byId('invalidate').value;
    if (await confirmed('Delete all entries of version ' + version + '?')) {
      change('/cache/invalidate', {schema_version: version});
    }
  });
  byId('cleanup').addEventListener('click', () => change('/cache/cleanup', {}));
  byId('more').addEventListener('click', () => load(shown.length));
}

export function showCache() {
  return load(0);
}

async function load(offset) {
  try {
    const entries = await call('/cache/entries?limit=' + PAGE + '&offset=' + offset +
      '&search=' + encodeURIComponent(byId('search').value));
    shown = offset === 0 ? entries : shown.concat(entries);
    byId('more').hidden = entries.length < PAGE;
    byId('entries').replaceChildren(shown.length === 0
      ? element('p', {}, 'No entries.')
      : table('Entries, the most popular first', ['Question', 'Statement', 'Version', 'Hits', 'Tokens', 'Expires', 'Actions'],
        shown.map(row)));
  } catch (error) {
    fail(error);
  }
}

function row(entry) {
  const actions = [];
  const about = ': ' + entry.prompt_text;
  if (may.verify) {
    actions.push(element('button', {
      type: 'button',
      'aria-label': (entry.verified ? 'Undo verification of' : 'Verify') + about,
      onclick: () => change('/cache/verify', {cache_key: entry.cache_key, verified: !entry.verified}),
    }, entry.verified ? 'Undo' : 'Verify'));
  }
  if (may.delete) {
    actions.push(element('button', {
      type: 'button',
      'aria-label': 'Delete' + about,
      onclick: async () => {
        if (await confirmed('Delete the entry of “' + entry.prompt_text + '”?')) {
          change('/cache/delete', {cache_key: entry.cache_key});
        }
      },
    }, 'Delete'));
  }
  const expiry = entry.verified ? element('span', {class: 'badge verified'}, 'verified')
    : (entry.expired ? 'expired ' : '') + moment(entry.expires_at);
  return [
    element('td', {class: 'question'}, entry.prompt_text),
    element('td', {}, element('details', {}, element('summary', {}, 'Statement'), highlighted(entry.generated_sql))),
    entry.schema_version,
    element('td', {class: 'number'}, number(entry.hit_count)),
    element('td', {class: 'number'}, number(entry.tokens_used)),
    element('td', {}, expiry),
    element('td', {class: 'actions'}, ...actions)];
}

async function change(path, body) {
  try {
    const done = await call(path, body);
    byId('cache-state').textContent = 'deleted_entries' in done
      ? number(done.deleted_entries) + (done.deleted_entries === 1 ? ' entry' : ' entries') + ' deleted.'
      : done.verified ? 'Verified: it does not expire.' : 'No longer verified.';
    await load(0);
  } catch (error) {
    fail(error);
  }
}

function fail(error) {
  if (!(error instanceof Problem)) {
    throw error;
  }
  byId('cache-state').textContent = '';
  showProblem(byId('entries'), error);
}
