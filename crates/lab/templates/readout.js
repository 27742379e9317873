// Reads values off the drawn curves: where the pointer is, and by arrow keys on a focused figure. Without it the page is whole.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const numbers = (text) => text.split(" ").map(Number);
  const minus = (text) => text.replace("-", "\u2212");

  // [[x, y], …] in picture coordinates, of a path of M and L.
  const points = (path) => (path.getAttribute("d").match(/[^ML]+/g) || []).map(numbers);

  // A picture coordinate back to data: the attribute has two coordinates and the values there.
  const scale = (text) => {
    const [from, to, low, high] = numbers(text);
    return (at) => low + ((at - from) / (to - from)) * (high - low);
  };

  // On the drawn line, or nothing beside it.
  const at = (line, x) => {
    const right = line.findIndex((point) => point[0] >= x);
    if (right < 0 || (right === 0 && line[0][0] > x)) return null;
    const [bx, by] = line[right];
    if (bx === x) return by;
    const [ax, ay] = line[right - 1];
    return ay + ((x - ax) / (bx - ax)) * (by - ay);
  };

  class Readout {
    constructor(plot) {
      this.plot = plot;
      this.svg = plot.ownerSVGElement;
      this.figure = plot.closest("figure");
      this.curves = null;
      this.index = null;
      const figure = this.figure;
      this.svg.addEventListener("pointermove", (event) => this.follow(event));
      this.svg.addEventListener("pointerdown", (event) => this.follow(event));
      this.svg.addEventListener("pointerleave", (event) => {
        if (event.pointerType === "mouse") this.hide();
      });
      figure.addEventListener("focus", () => {
        if (figure.matches(":focus-visible")) this.show(this.index ?? this.begin());
      });
      figure.addEventListener("blur", () => this.hide());
      figure.addEventListener("keydown", (event) => this.key(event));
    }

    // Curves are parsed when they are first asked for.
    read() {
      if (this.curves) return;
      const names = new Map();
      for (const path of this.plot.querySelectorAll("[data-name]:not(.band)")) {
        const name = path.dataset.name;
        const colour = path.classList[0];
        const dashed = path.classList.contains("start");
        if (!names.has(name)) names.set(name, { name, colour, dashed, lines: [], band: null });
        names.get(name).lines.push(points(path));
      }
      for (const path of this.plot.querySelectorAll("[data-name].band")) {
        const line = points(path);
        const half = line.length / 2;
        const entry = names.get(path.dataset.name);
        if (entry) entry.band = [line.slice(0, half), line.slice(half).reverse()];
      }
      this.curves = [...names.values()];
      const stops = this.curves.flatMap((entry) => entry.lines.flatMap((line) => line.map((point) => point[0])));
      this.stops = [...new Set(stops)].sort((a, b) => a - b);
      this.x = scale(this.plot.dataset.x);
      this.y = scale(this.plot.dataset.y);
      [this.xDecimals, this.yDecimals] = numbers(this.plot.dataset.decimals);
      this.mark = document.createElementNS(SVG, "g");
      this.mark.setAttribute("class", "mark");
      this.mark.setAttribute("aria-hidden", "true");
      this.svg.append(this.mark);
      this.box = document.createElement("div");
      this.box.className = "readout";
      this.box.setAttribute("role", "status");
      this.box.hidden = true;
      this.figure.append(this.box);
    }

    begin() {
      this.read();
      return this.plot.dataset.begin === "end" ? this.stops.length - 1 : Math.floor(this.stops.length / 2);
    }

    follow(event) {
      this.read();
      const frame = this.svg.getBoundingClientRect();
      const x = ((event.clientX - frame.left) / frame.width) * this.svg.viewBox.baseVal.width;
      let best = 0;
      for (let index = 1; index < this.stops.length; index += 1) {
        if (Math.abs(this.stops[index] - x) < Math.abs(this.stops[best] - x)) best = index;
      }
      this.show(best);
    }

    key(event) {
      this.read();
      const last = this.stops.length - 1;
      const now = this.index ?? this.begin();
      const far = event.shiftKey ? 10 : 1;
      const to = { ArrowLeft: now - far, ArrowRight: now + far, Home: 0, End: last }[event.key];
      if (event.key === "Escape") {
        this.hide();
      } else if (to !== undefined) {
        event.preventDefault();
        this.show(Math.min(Math.max(to, 0), last));
      }
    }

    show(index) {
      if (!this.stops.length) return;
      this.index = index;
      const x = this.stops[index];
      const shown = (value) => minus(value.toFixed(this.yDecimals));
      const [top, floor] = numbers(this.plot.dataset.y).slice(0, 2).sort((a, b) => a - b);
      const rule = document.createElementNS(SVG, "line");
      for (const [name, value] of [["x1", x], ["x2", x], ["y1", top], ["y2", floor]]) rule.setAttribute(name, value);
      this.mark.replaceChildren(rule);
      const title = document.createElement("div");
      const label = this.x(x).toLocaleString("en", { minimumFractionDigits: this.xDecimals, maximumFractionDigits: this.xDecimals });
      title.textContent = `${this.plot.dataset.label} = ${minus(label)}`;
      const table = document.createElement("table");
      for (const curve of this.curves) {
        const values = curve.lines.map((line) => at(line, x)).filter((value) => value !== null);
        if (!values.length) continue;
        const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
        const ends = curve.band ? curve.band.map((line) => at(line, x)) : [Math.max(...values), Math.min(...values)];
        const row = table.insertRow();
        const swatch = document.createElement("span");
        swatch.className = curve.dashed ? `dash ${curve.colour}` : `swatch ${curve.colour}`;
        row.insertCell().append(swatch, curve.name);
        row.insertCell().textContent = shown(this.y(middle));
        if (curve.band || values.length > 1) {
          const [low, high] = ends.map((end) => shown(this.y(end)));
          row.insertCell().textContent = `${low} to ${high}`;
        }
        if (middle >= top && middle <= floor) {
          const dot = document.createElementNS(SVG, "circle");
          dot.setAttribute("class", curve.colour);
          dot.setAttribute("cx", x);
          dot.setAttribute("cy", middle);
          dot.setAttribute("r", 3.2);
          this.mark.append(dot);
        }
      }
      this.box.replaceChildren(title, table);
      this.box.style.left = "0";
      this.box.hidden = false;
      this.place(x, top, floor);
    }

    // In a wide chart beside the rule, in the part that is scrolled to; under the curves of a small one, inside of the window.
    place(x, top, floor) {
      const frame = this.svg.getBoundingClientRect();
      const figure = this.figure.getBoundingClientRect();
      const unit = frame.width / this.svg.viewBox.baseVal.width;
      const isWide = this.figure.classList.contains("scroll");
      const at = frame.left - figure.left + this.figure.scrollLeft + x * unit;
      const width = this.box.offsetWidth;
      const first = isWide ? this.figure.scrollLeft : 8 - figure.left;
      const last = first + (isWide ? this.figure.clientWidth : document.documentElement.clientWidth - 16) - width;
      const beside = at + 12 <= last ? at + 12 : at - 12 - width;
      const left = isWide ? beside : at - width / 2;
      this.box.style.left = `${Math.max(first, Math.min(left, last))}px`;
      this.box.style.top = `${frame.top - figure.top + (isWide ? top * unit + 4 : floor * unit + 8)}px`;
    }

    hide() {
      if (!this.curves) return;
      this.box.hidden = true;
      this.mark.replaceChildren();
    }
  }

  const readouts = [...document.querySelectorAll("figure g.plot")].map((plot) => new Readout(plot));
  // A finger that taps elsewhere is done reading.
  document.addEventListener("pointerdown", (event) => {
    for (const readout of readouts) if (!readout.figure.contains(event.target)) readout.hide();
  });
  // Paper opens nothing: what is folded is printed too.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();
