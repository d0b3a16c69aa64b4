// The view that asks.
import {call, Problem} from '/console/api.js';
import {byId, element, highlighted, number, showProblem, table} from '/console/dom.js';

const PAGE = 50;
let may;
let working;

export function startAsk(rights) {
  may = rights;
  offer();
  byId('ask-form').addEventListener('submit', (event) => {
    event.preventDefault();
    ask();
  });
  byId('question').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      byId('ask-form').requestSubmit();
    }
  });
  byId('cancel').addEventListener('click', () => working?.abort());
  byId('question').focus();
}

/** A question that may not be asked is not asked for. */
function offer() {
  byId('ask-form').hidden = !may.ask;
  byId('progress').textContent = may.ask ? '' : 'This role may not ask: GRANT ai_worker_user lets it.';
}

/** Does one thing at a time, says what and for how long, and can be cancelled. Takes a function of say and signal. */
async function work(place, task) {
  working?.abort();
  const mine = new AbortController();
  working = mine;
  const began = performance.now();
  let doing = '';
  let timer;
  const tell = () => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    byId('progress').textContent = doing + (seconds > 0 ? ' ' + seconds + ' s' : '');
  };
  const say = (text) => {
    doing = text;
    tell();
  };
  timer = setInterval(tell, 1000);
  byId('cancel').hidden = false;
  byId('ask-button').disabled = true;
  try {
    await task(say, mine.signal, () => Math.round(performance.now() - began));
    byId('progress').textContent = '';
  } catch (error) {
    if (mine !== working) {
      return;
    }
    if (error instanceof Problem) {
      byId('progress').textContent = '';
      showProblem(place, error);
    } else {
      byId('progress').textContent = error.name === 'AbortError' ? 'Cancelled.' : String(error);
    }
  } finally {
    clearInterval(timer);
    if (mine === working) {
      working = undefined;
      byId('cancel').hidden = true;
      byId('ask-button').disabled = false;
    }
  }
}

function ask() {
  const question = {prompt: byId('question').value, schema_version: byId('version').value.trim() || null};
  byId('answer').replaceChildren();
  byId('rows').replaceChildren();
  return work(byId('answer'), async (say, signal, took) => {
    say('Looking in the cache …');
    let answer;
    try {
      answer = await call('/generate', {...question, mode: 'cached_only'}, signal);
    } catch (error) {
      if (error.status !== 404) {
        throw error;
      }
      say('Not cached. The model is writing a statement, which is then proven …');
      answer = await call('/generate', {...question, mode: 'sql_only'}, signal);
    }
    const ms = took();
    show(question, answer, ms, await isVerified(question, answer, signal));
  });
}

async function isVerified(question, answer, signal) {
  if (!may.entries || !answer.cache_hit) {
    return false;
  }
  let found;
  try {
    // all of a long question is more than a URL holds
    found = await call('/cache/entries?limit=500&search=' + encodeURIComponent([...question.prompt].slice(0, 200).join('')), undefined, signal);
  } catch (error) {
    if (!(error instanceof Problem)) {
      throw error;
    }
    return false;
  }
  return found.some((entry) => entry.verified && entry.prompt_text === question.prompt &&
    entry.schema_version === answer.schema_version && entry.generated_sql === answer.sql);
}

function show(question, answer, ms, verified) {
  const badges = [element('span', {class: 'badge ' + (answer.cache_hit ? 'hit' : 'miss')}, answer.cache_hit ? 'hit' : 'miss')];
  if (verified) {
    badges.push(element('span', {class: 'badge verified'}, 'verified'));
  }
  const facts = [number(answer.tokens_used) + ' tokens', number(ms) + ' ms', 'version ' + answer.schema_version];
  if (answer.cache_hit) {
    facts.push(number(answer.hit_count) + (answer.hit_count === 1 ? ' hit' : ' hits'));
  }
  const copied = element('span', {role: 'status'});
  const buttons = element('p', {class: 'row'}, element('button', {
    type: 'button',
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(answer.sql);
        copied.textContent = 'Copied.';
      } catch {
        copied.textContent = 'The browser does not let this page copy.';
      }
    },
  }, 'Copy'), copied);
  if (may.run) {
    buttons.prepend(element('button', {type: 'button', class: 'main', onclick: () => run(question, answer)}, 'Run'));
  }
  byId('answer').replaceChildren(
    element('p', {class: 'row'}, ...badges, element('span', {class: 'quiet'}, facts.join(' · '))),
    highlighted(answer.sql),
    ...(answer.warnings ?? []).map((warning) => element('p', {class: 'hint'}, warning)),
    buttons);
}

function run(question, answer) {
  byId('rows').replaceChildren();
  return work(byId('rows'), async (say, signal, took) => {
    say('Running the statement …');
    const result = await call('/generate', {...question, schema_version: answer.schema_version, mode: 'run'}, signal);
    if (result.sql !== answer.sql) {
      // the entry was replaced meanwhile
      show(question, result, took(), false);
    }
    showRows(result, took());
  });
}

function showRows(result, ms) {
  const columns = result.columns ?? Object.keys(result.rows[0] ?? {});
  const pages = Math.max(1, Math.ceil(result.rows.length / PAGE));
  const place = element('div');
  const at = element('span', {role: 'status'});
  let page = 0;
  const turn = (by) => {
    page = Math.min(pages - 1, Math.max(0, page + by));
    at.textContent = 'Page ' + (page + 1) + ' of ' + pages;
    place.replaceChildren(table('Rows', columns,
      result.rows.slice(page * PAGE, (page + 1) * PAGE).map((row) => columns.map((column) => cell(row[column])))));
    before.disabled = page === 0;
    after.disabled = page === pages - 1;
  };
  const before = element('button', {type: 'button', onclick: () => turn(-1)}, 'Back');
  const after = element('button', {type: 'button', onclick: () => turn(1)}, 'Next');
  byId('rows').replaceChildren(
    element('h3', {}, number(result.rows.length) + (result.rows.length === 1 ? ' row' : ' rows') + ', ' + number(ms) + ' ms'),
    ...(result.truncated ? [element('p', {class: 'hint'}, 'More rows were left out: together they are too large.')] : []),
    place,
    element('p', {class: 'row'}, ...(pages > 1 ? [before, after, at] : []),
      element('button', {type: 'button', onclick: () => download(columns, result.rows)}, 'Download CSV')));
  turn(0);
}

function cell(value) {
  if (value === null || value === undefined) {
    return element('td', {class: 'null'}, 'NULL');
  }
  return element('td', {class: typeof value === 'number' ? 'number' : null}, shown(value));
}

const shown = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function download(columns, rows) {
  // as RFC 4180 has it; NULL is nothing, an empty text is "". What a spreadsheet would take for a formula gets a quote in front.
  const plain = (value) => (/^[=+\-@\t\r]/.test(shown(value)) && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(shown(value)) ? "'" : '') + shown(value);
  const field = (value) => (value === null || value === undefined ? '' :
    value === '' || /[",\r\n]/.test(shown(value)) ? '"' + plain(value).replaceAll('"', '""') + '"' : plain(value));
  const lines = [columns.map(field), ...rows.map((row) => columns.map((column) => field(row[column])))];
  const url = URL.createObjectURL(new Blob([lines.map((line) => line.join(',') + '\r\n').join('')], {type: 'text/csv'}));
  element('a', {href: url, download: 'rows.csv'}).click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
