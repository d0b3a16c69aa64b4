// Elements from data. Text goes in as text and is never read as markup.

export const byId = (id) => document.getElementById(id);

/** element('td', {class: 'number'}, 5): properties that begin with "on" are listeners. */
export function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (key.startsWith('on')) {
      made.addEventListener(key.slice(2), value);
    } else if (value === true) {
      made.setAttribute(key, '');
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(key, String(value));
    }
  }
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
}

/** A table in a box that scrolls, also by keyboard. Rows are arrays of cells. */
export function table(caption, heads, rows) {
  return element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption},
    element('table', {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, ...heads.map((head) => element('th', {scope: 'col'}, head)))),
      element('tbody', {}, ...rows.map((cells) => element('tr', {},
        ...cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell : element('td', {}, cell))))))));
}

export const number = (value) => Number(value).toLocaleString('en');

export const moment = (text) => new Date(text).toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'});

/** What went wrong, with the server's DETAIL and HINT. */
export function showProblem(place, problem) {
  const parts = [element('p', {}, element('strong', {}, problem.message))];
  if (problem.detail) {
    parts.push(element('p', {class: 'detail'}, 'Detail: ' + problem.detail));
  }
  if (problem.hint) {
    parts.push(element('p', {class: 'hint'}, 'Hint: ' + problem.hint));
  }
  if (problem.sqlstate) {
    parts.push(element('p', {class: 'quiet'}, 'SQLSTATE ' + problem.sqlstate));
  }
  place.replaceChildren(element('div', {class: 'problem', role: 'alert'}, ...parts));
}

/** Asks before something is deleted; by keyboard Escape keeps it. */
export function confirmed(text) {
  const dialog = byId('confirm-dialog');
  byId('confirm-text').textContent = text;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), {once: true});
  });
}

const WORDS = new Set(('select from where group order by having limit offset join left right full inner outer cross on using as ' +
  'and or not in is null like ilike between exists case when then else end union all intersect except distinct with recursive ' +
  'values table over partition filter asc desc nulls first last fetch next rows row only interval date timestamp true false ' +
  'lateral natural any some cast extract coalesce window').split(' '));
const TOKEN = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\3\$)|("(?:[^"]|"")*")|(\b\d+(?:\.\d+)?\b)|([A-Za-z_]\w*)|([\s\S])/g;

/** A statement with its words, texts and numbers marked. */
export function highlighted(sql) {
  const code = element('code', {});
  for (const [text, comment, literal, , , digits, word] of sql.matchAll(TOKEN)) {
    const kind = comment ? 'comment' : literal ? 'literal' : digits ? 'digits' : word && WORDS.has(word.toLowerCase()) ? 'word' : null;
    code.append(kind ? element('span', {class: kind}, text) : text);
  }
  return element('pre', {tabindex: 0, role: 'group', 'aria-label': 'Statement'}, code);
}
