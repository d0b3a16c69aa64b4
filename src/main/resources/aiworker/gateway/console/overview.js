// The view of how it goes. It refreshes itself while it is looked at.
import uPlot from '/console/uPlot.js';
import {call, Problem} from '/console/api.js';
import {byId, element, number, showProblem, table} from '/console/dom.js';

const EVERY_MS = 5000;
const MOST_SAMPLES = 720;
const times = [];
const charts = {};
let last = {};
let may;
let timer;

export function startOverview(rights) {
  may = rights;
  byId('price').value = localStorage.getItem('price') ?? '';
  byId('price').addEventListener('input', () => {
    localStorage.setItem('price', byId('price').value);
    tiles();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAnew);
  addEventListener('resize', drawAnew);
}

export function showOverview(visible) {
  clearInterval(timer);
  if (visible) {
    refresh();
    timer = setInterval(() => document.hidden || refresh(), EVERY_MS);
  }
}

const none = Promise.resolve(null);

let refreshing = false;

async function refresh() {
  if (refreshing) {
    return;
  }
  refreshing = true;
  try {
    const [stats, health, quotas, usage, popular] = await Promise.all([
      may.stats ? call('/cache/stats') : none,
      may.health ? call('/health') : none,
      may.quotas ? call('/quotas') : none,
      may.usage ? call('/usage') : none,
      may.entries ? call('/cache/entries?limit=10') : none]);
    last = {stats, health};
    tiles();
    if (stats) {
      sample(stats);
    }
    if (usage) {
      days(usage);
    }
    lists(health, quotas, popular);
    byId('updated').textContent = 'As of ' + new Date().toLocaleTimeString() + '.';
  } catch (error) {
    if (!(error instanceof Problem)) {
      throw error;
    }
    // said once, and not every five seconds
    if (byId('lists').querySelector('.problem strong')?.textContent !== error.message) {
      showProblem(byId('lists'), error);
    }
  } finally {
    refreshing = false;
  }
}

function tiles() {
  const {stats, health} = last;
  const facts = [];
  if (stats) {
    const price = Number.parseFloat(byId('price').value);
    facts.push(['Hit rate', (100 * stats.hit_rate).toFixed(1) + ' %'],
      ['Entries', number(stats.valid_entries)],
      ['Requests', number(stats.total_requests)],
      ['Tokens saved', number(stats.total_tokens_saved)],
      ['Money saved', price >= 0 ? (price * stats.total_tokens_saved / 1e6).toFixed(2) : 'set a price'],
      ['Hit, p50 / p95, ms', ms(stats.hit_p50_ms) + ' / ' + ms(stats.hit_p95_ms)],
      ['Miss, p50 / p95, ms', ms(stats.miss_p50_ms) + ' / ' + ms(stats.miss_p95_ms)]);
  }
  if (health) {
    facts.push(['Endpoint', health.endpoint ? {closed: 'answers', open: 'left alone', 'half-open': 'is tried'}[health.endpoint.state] : 'not known'],
      ['Health', health.healthy ? 'good' : 'needs attention']);
  }
  byId('tiles').replaceChildren(...facts.map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value))));
}

const ms = (value) => (value < 10 ? Number(value).toFixed(1) : number(Math.round(value)));

function sample(stats) {
  const hits = Math.round(stats.total_requests * stats.hit_rate);
  const before = times.at(-1);
  times.push({
    at: Date.now() / 1000, total: stats.total_requests, hits,
    newHits: before ? Math.max(0, hits - before.hits) : 0,
    newMisses: before ? Math.max(0, stats.total_requests - hits - (before.total - before.hits)) : 0,
    latency: [stats.hit_p50_ms, stats.hit_p95_ms, stats.miss_p50_ms, stats.miss_p95_ms].map(Number),
  });
  if (times.length > MOST_SAMPLES) {
    times.shift();
  }
  const at = times.map((time) => time.at);
  const now = times.at(-1);
  plot('hits', 'Hits and misses, since this page was opened', ['Hits', 'Misses'],
    [at, times.map((time) => time.newHits), times.map((time) => time.newMisses)],
    'the last ' + EVERY_MS / 1000 + ' s had ' + now.newHits + ' hits and ' + now.newMisses + ' misses');
  plot('latency', 'Latency in the server, ms', ['Hit p50', 'Hit p95', 'Miss p50', 'Miss p95'],
    [at, ...[0, 1, 2, 3].map((i) => times.map((time) => time.latency[i] || null))],
    'hits take ' + ms(now.latency[0]) + ' ms, misses ' + ms(now.latency[2]) + ' ms', {logarithmic: true});
}

const seconds = (day) => Date.parse(day + 'T00:00:00Z') / 1000;

function days(usage) {
  const byDay = new Map();
  for (const part of usage) {
    byDay.set(part.day, (byDay.get(part.day) ?? 0) + part.calls);
  }
  const used = [...byDay.keys()].sort();
  if (used.length === 0) {
    return;
  }
  // days without a call are zero, and a week is the least that is shown
  const last = seconds(used.at(-1));
  const all = [];
  for (let day = Math.min(seconds(used[0]), last - 6 * DAY_S); day <= last; day += DAY_S) {
    all.push(day);
  }
  const calls = all.map((day) => byDay.get(new Date(day * 1000).toISOString().slice(0, 10)) ?? 0);
  plot('days', 'Calls to the model by day (UTC)', ['Calls'], [all, calls],
    number(calls.at(-1)) + ' calls on ' + used.at(-1), {bars: true});
}

const COLORS = ['--line-1', '--line-2', '--line-3', '--line-4'];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const DAY_S = 86400;
const decades = (self, splits) => splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));

function plot(name, title, lines, data, summary, {logarithmic, bars} = {}) {
  charts[name] ??= {};
  const chart = charts[name];
  chart.again = () => plot(name, title, lines, data, summary, {logarithmic, bars});
  const label = title + ': ' + summary;
  if (chart.plot) {
    chart.plot.setData(data);
    chart.place.setAttribute('aria-label', label);
    return;
  }
  if (!chart.figure) {
    chart.place = element('div', {role: 'img'});
    chart.figure = element('figure', {}, element('figcaption', {}, title), chart.place,
      element('p', {class: 'legend'}, ...lines.map((line, i) =>
        element('span', {class: 'line-' + (i + 1)}, line))));
    byId('charts').append(chart.figure);
  }
  chart.place.setAttribute('aria-label', label);
  const axis = {stroke: css('--text'), grid: {stroke: css('--border'), width: 1}, ticks: {stroke: css('--border'), width: 1}};
  chart.plot = new uPlot({
    width: chart.place.clientWidth || 320, height: 180,
    legend: {show: false}, cursor: {show: false},
    scales: {
      x: {time: true, range: (self) => (bars ? [self.data[0][0] - DAY_S, self.data[0].at(-1) + DAY_S] : [self.data[0][0], Math.max(self.data[0].at(-1), self.data[0][0] + 60)])},
      y: logarithmic ? {distr: 3} : {range: (self, low, high) => [0, Math.max(1, high)]},
    },
    axes: [axis, {...axis, size: 60, ...(logarithmic ? {filter: decades, grid: {...axis.grid, filter: decades}, ticks: {...axis.ticks, filter: decades}} : {})}],
    series: [{}, ...lines.map((line, i) => ({
      label: line, stroke: css(COLORS[i]), width: 2, dash: [[], [6, 3], [2, 2], [8, 3, 2, 3]][i], points: {show: false},
      ...(bars ? {paths: uPlot.paths.bars({size: [0.6, 40]}), fill: css(COLORS[i])} : {})}))],
  }, data, chart.place);
}

function drawAnew() {
  for (const chart of Object.values(charts)) {
    chart.plot?.destroy();
    chart.plot = undefined;
    chart.again();
  }
}

function lists(health, quotas, popular) {
  const parts = [];
  if (health?.problems?.length > 0) {
    parts.push(element('h3', {}, 'What needs attention'),
      element('ul', {}, ...health.problems.map((problem) => element('li', {}, problem))));
  }
  if (quotas?.length > 0) {
    parts.push(table('Quotas', ['Role', 'Window', 'Calls', 'Tokens', 'Next window'], quotas.map((quota) => [
      quota.role ?? 'all together', quota.per, used(quota.calls, quota.max_calls), used(quota.tokens, quota.max_tokens),
      new Date(quota.window_end).toLocaleString()])));
  }
  if (popular?.length > 0) {
    parts.push(table('Most popular questions', ['Question', 'Hits'], popular.map((entry) => [
      element('td', {class: 'question'}, entry.prompt_text), element('td', {class: 'number'}, number(entry.hit_count))])));
  }
  byId('lists').replaceChildren(...parts);
}

const used = (amount, most) => element('td', {class: 'number'},
  most === null ? number(amount) : number(amount) + ' of ' + number(most));
