// Calls of the gateway.
import {byId} from '/console/dom.js';

/** What a problem document says. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? 'status ' + status);
    this.status = status;
    this.detail = document.server_detail;
    this.hint = document.hint;
    this.sqlstate = document.sqlstate;
  }
}

// Numbers that JavaScript would round stay as they were written.
function exact(key, value, context) {
  return typeof value === 'number' && context?.source !== undefined && String(value) !== context.source
    ? context.source : value;
}

/** GET without a body, POST with one. */
export async function call(path, body, signal) {
  const headers = {};
  const token = sessionStorage.getItem('token');
  if (token) {
    headers.Authorization = 'Bearer ' + token;
  }
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: 'omit',
    });
  } catch (error) {
    if (error.name === 'AbortError') {
      throw error;
    }
    throw new Problem(0, {detail: 'the gateway cannot be reached', hint: 'Is it running?'});
  }
  if (response.status === 401) {
    await askForToken();
    return call(path, body, signal);
  }
  const text = await response.text();
  let document;
  try {
    document = JSON.parse(text, exact);
  } catch {
    throw new Problem(response.status, {detail: 'the answer is not JSON'});
  }
  if (!response.ok && response.headers.get('Content-Type') === 'application/problem+json') {
    throw new Problem(response.status, document);
  }
  return document;
}

let asking;

function askForToken() {
  sessionStorage.removeItem('token');
  asking ??= new Promise((resolve) => {
    const dialog = byId('token-dialog');
    dialog.addEventListener('cancel', (event) => event.preventDefault());
    dialog.addEventListener('close', () => {
      sessionStorage.setItem('token', byId('token').value);
      byId('token').value = '';
      asking = undefined;
      resolve();
    }, {once: true});
    dialog.showModal();
  });
  return asking;
}
