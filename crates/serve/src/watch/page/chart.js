// Line charts as SVG, in the colours of the style sheet.
const NS = 'http://www.w3.org/2000/svg';

function element(name, attributes, text) {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)} M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)} k`;
  if (size > 0 && size < 1e-3) return value.toExponential(1).replace('.0', '');
  return String(+value.toPrecision(4)).replace('-', '−');
}

// Three to six round numbers.
function ticks(low, high) {
  const rough = (high - low) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at += 1) found.push(at * step);
  return found;
}

// lines: {x, y, style}; range: {x: [low, high], y: [low, high]} where it is not that of the data.
export function chart(lines, { width = 640, height = 260, label, range = {}, fewTicks = false }) {
  const finite = (values) => values.filter(Number.isFinite);
  const extent = (key) => {
    let low = Infinity, high = -Infinity;
    for (const line of lines) for (const value of finite(line[key])) { low = Math.min(low, value); high = Math.max(high, value); }
    if (low > high) return [0, 1];
    return low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
  };
  const [x0, x1] = range.x ?? extent('x');
  const [y0, y1] = range.y ?? extent('y');
  const [left, right, top, bottom] = [fewTicks ? 26 : 46, 10, 8, 22];
  const px = (x) => left + (x - x0) / (x1 - x0) * (width - left - right);
  const py = (y) => height - bottom - (y - y0) / (y1 - y0) * (height - top - bottom);
  const svg = element('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  for (const y of ticks(y0, y1)) {
    svg.append(element('line', { class: y === 0 ? 'zero' : 'grid', x1: left, x2: width - right, y1: py(y), y2: py(y) }));
    svg.append(element('text', { class: 'end', x: left - 6, y: py(y) + 4 }, number(y)));
  }
  for (const x of ticks(x0, x1)) svg.append(element('text', { class: 'middle', x: Math.min(px(x), width - 12), y: height - 5 }, number(x)));
  for (const { x, y, style } of lines) {
    let path = '', pen = false;
    for (let i = 0; i < x.length; i += 1) {
      const inside = Number.isFinite(y[i]) && y[i] >= y0 - (y1 - y0) && y[i] <= y1 + (y1 - y0);
      if (inside) path += `${pen ? 'L' : 'M'}${px(x[i]).toFixed(1)} ${py(Math.max(y0, Math.min(y1, y[i]))).toFixed(1)}`;
      pen = inside;
    }
    svg.append(element('path', { class: style, d: path }));
  }
  return svg;
}
