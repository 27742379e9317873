// Follows the server's events, fetches what changed, draws it.
import { chart, number } from './chart.js';

const at = (id) => document.getElementById(id);
const runs = new Map(); // by id: { overview, series, curves, versions }
let order = [];
let moments = []; // steps that the slider can choose
let following = true;
let timer = 0;

const colour = (run) => `arm-${run.overview.arm % 8}`;
const node = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

function span(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return '–';
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const WORDS = {
  waiting: 'waiting for it to begin', running: 'running', silent: 'silent: nothing written for a while; stopped or stuck',
  finished: 'finished', interrupted: 'interrupted', diverged: 'diverged', vanished: 'vanished: the folder is gone; this is what was last seen',
};

function table(news) {
  at('runs').replaceChildren(...order.map((run) => {
    const o = run.overview;
    const time = o.seconds_left === null ? span(o.elapsed_seconds) : `${span(o.seconds_left)} left`;
    const name = node('th', { scope: 'row' }, node('span', { className: `swatch ${colour(run)}`, ariaHidden: 'true' }), o.label);
    if (o.activation) name.append(' ', node('small', { textContent: o.activation }));
    const cell = (text) => node('td', { className: 'n', textContent: text });
    return node('tr', {}, name,
      node('td', {}, node('span', { className: `state ${o.state}`, textContent: o.state, title: WORDS[o.state] })),
      cell(o.steps ? `${o.step} of ${o.steps}` : String(o.step)), cell(number(o.training_loss)), cell(number(o.validation_loss)),
      cell(o.best ?? '–'), cell(number(o.tokens_per_second)), cell(time));
  }));
  const notes = [];
  for (const { overview: o } of order) {
    if (['silent', 'vanished', 'waiting'].includes(o.state)) notes.push(`${o.label}: ${WORDS[o.state]}.`);
    for (const text of [o.note, o.broken]) if (text) notes.push(`${o.label}: ${text}`);
  }
  at('notes').replaceChildren(...notes.map((text) => node('p', { className: 'warning', textContent: text })));
  const count = (state) => order.filter((run) => run.overview.state === state).length;
  const one = order.length === 1 ? order[0].overview : null;
  const parts = Object.keys(WORDS).filter(count).map((state) => `${count(state)} ${state}`);
  const title = one ? `${one.label}: ${one.state}` : order.length ? `${order.length} runs: ${parts.join(', ')}` : 'Looking for runs';
  at('title').textContent = title;
  document.title = `${title} · Pliant`;
  at('limit').hidden = news.all <= order.length;
  at('limit').textContent = `${news.all} runs are in the folder; the ${order.length} newest are shown.`;
}

function graphs() {
  const known = order.filter((run) => run.series);
  const line = (s, style) => ({ x: s.step, y: s.mean, style });
  const loss = known.flatMap((run) => [line(run.series.loss, `faint ${colour(run)}`), line(run.series.validation, colour(run))]);
  // As wide as it is shown, so that its text keeps its size.
  const width = Math.max(300, at('loss').clientWidth);
  at('loss').replaceChildren(chart(loss, { width, height: Math.min(340, width * 0.7), label: 'Training and validation loss over the steps' }));
  const figure = (title, lines) => node('figure', {}, node('figcaption', { textContent: title }), chart(lines, { label: `${title} over the steps`, width: 480, height: 230 }));
  const family = (key) => [...new Set(known.flatMap((run) => Object.keys(run.series[key])))].sort();
  const named = (key, title) => family(key).map((name) =>
    figure(`${title}: ${name}`, known.filter((run) => run.series[key][name]).map((run) => line(run.series[key][name], colour(run)))));
  at('more').replaceChildren(
    figure('Tokens per second', known.map((run) => line(run.series.throughput, colour(run)))),
    ...named('learning_rates', 'Learning rate'), ...named('gradients', 'Gradient norm'));
}

addEventListener('resize', () => graphs());

function slider() {
  moments = [...new Set(order.flatMap((run) => run.curves?.learnable ? run.curves.steps : []))].sort((a, b) => a - b);
  at('time').hidden = at('moment-note').hidden = moments.length === 0;
  const input = at('moment');
  const chosen = Number(at('chosen').dataset.step ?? 0);
  input.max = Math.max(0, moments.length - 1);
  input.value = following ? input.max : Math.max(0, moments.findLastIndex((step) => step <= chosen));
}

function shapes() {
  const step = moments[at('moment').value] ?? 0;
  at('chosen').textContent = String(step);
  at('chosen').dataset.step = step;
  at('moment').setAttribute('aria-valuetext', `step ${step}`);
  const shown = order.filter((run) => run.curves && (run.curves.values.length || run.curves.problem));
  at('shapes').hidden = shown.length === 0;
  at('panels').replaceChildren(...shown.flatMap((run) => {
    const c = run.curves;
    const head = node('h3', {}, node('span', { className: `swatch ${colour(run)}`, ariaHidden: 'true' }), run.overview.label, ' ',
      node('small', { textContent: c.learnable ? c.activation : `${c.activation}, fixed` }));
    if (c.problem) return [head, node('p', { className: 'warning', textContent: `The curves cannot be drawn: ${c.problem}` })];
    const now = Math.max(0, c.steps.findLastIndex((other) => other <= step));
    const panels = c.sites.map((site, index) => {
      const groups = c.values[now][index] ?? [];
      const starts = c.learnable ? (c.values[0][index] ?? []) : [];
      const lines = [...starts.map((y) => ({ x: c.x, y, style: 'start' })), ...groups.map((y) => ({ x: c.x, y, style: `learned ${colour(run)}` }))];
      return node('figure', {}, node('figcaption', { textContent: site.replace('layer.', 'layer ') }),
        chart(lines, { width: 260, height: 190, fewTicks: true, range: { x: [-5, 5], y: [-2, 5] }, label: `Activation of ${site} of ${run.overview.label} at step ${c.steps[now]}` }));
    });
    const grid = node('div', { className: 'panels' }, ...panels);
    const notes = [c.note && `Drawn is ${c.note}.`, c.groups > 4 && `The first 4 of ${c.groups} groups of channels are drawn.`].filter(Boolean);
    return [head, grid, ...notes.map((textContent) => node('p', { className: 'note', textContent }))];
  }));
}

async function fetchChanged() {
  let changedSeries = false, changedCurves = false;
  for (const run of order) {
    for (const what of ['series', 'curves']) {
      const version = run.overview[`${what}_version`];
      if (run.versions[what] === version) continue;
      const answer = await fetch(`/runs/${run.overview.id}/${what}`);
      if (!answer.ok) continue;
      run[what] = await answer.json();
      run.versions[what] = version;
      if (what === 'series') changedSeries = true; else changedCurves = true;
    }
  }
  if (changedSeries) graphs();
  if (changedCurves) { slider(); shapes(); }
}

// One fetch at a time; what came in between is fetched after it, at most once a second.
let busy = false, again = false;
async function update() {
  if (busy) { again = true; return; }
  busy = true;
  try { await fetchChanged(); } catch { again = false; }
  setTimeout(() => { busy = false; if (again) { again = false; update(); } }, 1000);
}

const source = new EventSource('/events');
source.onopen = () => { at('connection').textContent = 'connected'; };
source.onerror = () => { at('connection').textContent = 'the server does not answer; trying again'; };
source.onmessage = (message) => {
  const news = JSON.parse(message.data);
  for (const overview of news.runs) {
    const run = runs.get(overview.id) ?? { versions: {} };
    run.overview = overview;
    runs.set(overview.id, run);
  }
  order = news.runs.map((overview) => runs.get(overview.id));
  for (const id of runs.keys()) if (!order.includes(runs.get(id))) runs.delete(id);
  table(news);
  update();
};

function stop() {
  clearInterval(timer);
  timer = 0;
  at('play').textContent = 'Play';
}

at('moment').addEventListener('input', () => {
  stop();
  following = Number(at('moment').value) === moments.length - 1;
  shapes();
});

at('play').addEventListener('click', () => {
  if (timer) { stop(); return; }
  following = false;
  at('moment').value = 0;
  at('play').textContent = 'Stop';
  shapes();
  // Less motion: slower, one validation at a time.
  timer = setInterval(() => {
    const next = Number(at('moment').value) + 1;
    at('moment').value = next;
    shapes();
    if (next >= moments.length - 1) { following = true; stop(); }
  }, matchMedia('(prefers-reduced-motion: reduce)').matches ? 1500 : 160);
});
