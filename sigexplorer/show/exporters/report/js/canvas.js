/* The timeline: a canvas that draws what is visible. Time goes to the right, nesting down. */

const ROW = 18, GAP = 2, LANE_HEAD = 18, AXIS = 20, STEPS = 18, THIN = 2;
const FONT = "11px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";

const view = { trace: null, from: 0, to: 1, scroll: 0, width: 0, height: 0, chosen: -1, colours: null, pending: false, letter: 6.6 };

/** Show a trace from its beginning to its end. */
function showTimeline(trace) {
  view.trace = trace;
  view.chosen = -1;
  const colours = new Map();
  view.inkOf = (colour) => colours.get(colour) || (colours.set(colour, inkOn(colour)), colours.get(colour));
  let top = 0;
  for (const lane of trace.lanes) {
    lane.top = top;
    top += LANE_HEAD + lane.rows.length * ROW + 8;
  }
  view.tall = top;
  // No higher than what there is to see: the rest of the page belongs to the list.
  byId("stage").style.height = `min(45%, ${Math.max(120, top + AXIS + STEPS + 12)}px)`;
  [view.first, view.last] = extent(trace);
  fitAll();
}

/** Return when the first thing begins and the last one ends. */
function extent(trace) {
  let first = 0, last = trace.head.run.duration;
  for (const step of trace.head.steps) last = Math.max(last, step[2] + step[3]);
  for (const lane of trace.lanes) {
    for (const row of lane.rows) {
      if (!row.length) continue;
      first = Math.min(first, startOf(trace, row[0]));
      last = Math.max(last, endOf(trace, row[row.length - 1]));
    }
  }
  return [first, Math.max(last, first + 1000)];
}

function fitAll() {
  const margin = (view.last - view.first) * 0.01;
  moveTo(view.first - margin, view.last + margin);
  view.scroll = 0;
}

/** Show these times; never less than 10 ns, never far from the run. */
function moveTo(from, to) {
  const whole = (view.last - view.first) * 1.1;
  const span = Math.min(whole, Math.max(10, to - from));
  const centre = Math.min(view.last, Math.max(view.first, (from + to) / 2));
  [view.from, view.to] = [centre - span / 2, centre + span / 2];
  redraw();
}

/** Zoom by a factor around a time. */
function zoomBy(factor, around = (view.from + view.to) / 2) {
  moveTo(around - (around - view.from) * factor, around + (view.to - around) * factor);
}

function pan(pixels, rows = 0) {
  const shift = (pixels * (view.to - view.from)) / Math.max(1, view.width);
  const most = Math.max(0, view.tall - (view.height - AXIS - STEPS));
  view.scroll = Math.min(most, Math.max(0, view.scroll + rows));
  moveTo(view.from + shift, view.to + shift);
}

const xOf = (time) => ((time - view.from) / (view.to - view.from)) * view.width;
const timeAt = (x) => view.from + (x / view.width) * (view.to - view.from);
const yOf = (lane, row) => AXIS + STEPS + lane.top + LANE_HEAD + row * ROW - view.scroll;

/** Draw again with the next frame. */
function redraw() {
  if (view.pending) return;
  view.pending = true;
  requestAnimationFrame(() => {
    view.pending = false;
    if (view.trace && view.width) draw();
  });
}

/** Make the canvas as large as its place, in the pixels of the screen. */
function resizeCanvas() {
  const canvas = byId("canvas"), stage = byId("stage");
  const ratio = window.devicePixelRatio || 1;
  [view.width, view.height] = [stage.clientWidth, stage.clientHeight];
  [canvas.width, canvas.height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  view.pen = canvas.getContext("2d", { alpha: false });
  view.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  redraw();
}

function draw() {
  const { pen, trace } = view;
  view.colours ||= pageColours();
  pen.font = FONT;
  pen.textBaseline = "middle";
  view.letter = pen.measureText("m").width;
  pen.globalAlpha = 1;
  pen.fillStyle = view.colours.page;
  pen.fillRect(0, 0, view.width, view.height);
  drawSteps();
  pen.save();
  pen.beginPath();
  pen.rect(0, AXIS + STEPS, view.width, view.height);
  pen.clip();
  for (const lane of trace.lanes) drawLane(lane);
  drawChosen();
  pen.restore();
  drawAxis();
}

/** Draw the bands of the steps behind everything, and their titles. */
function drawSteps() {
  const { pen, colours, trace } = view;
  trace.head.steps.forEach(([, title, start, took, error], place) => {
    const [x, end] = [Math.max(0, xOf(start)), Math.min(view.width, xOf(start + took))];
    if (end < 0 || x > view.width || end < x) return;
    if (place % 2 === 0) {
      pen.fillStyle = colours.band;
      pen.fillRect(x, AXIS, end - x, view.height);
    }
    pen.fillStyle = error ? colours.bad : colours.line;
    pen.fillRect(x, AXIS, 1, view.height);
    label(error ? `✕ ${title}` : title, x + 5, AXIS + STEPS / 2, end - x - 8, error ? colours.bad : colours.ink);
  });
}

function drawAxis() {
  const { pen, colours } = view;
  pen.fillStyle = colours.page;
  pen.fillRect(0, 0, view.width, AXIS);
  const step = niceStep((view.to - view.from) / Math.max(2, view.width / 110));
  for (let time = Math.ceil(view.from / step) * step; time <= view.to; time += step) {
    const x = Math.round(xOf(time));
    pen.fillStyle = colours.line;
    pen.fillRect(x, 0, 1, AXIS);
    const words = axisTime(time, step);
    if (x + 4 + words.length * view.letter < view.width) label(words, x + 4, AXIS / 2, 120, colours.quiet);
  }
  pen.fillStyle = colours.line;
  pen.fillRect(0, AXIS - 1, view.width, 1);
}

/** Return 1, 2 or 5 with as many zeros as needed. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least);
}

function axisTime(time, step) {
  if (Math.abs(time) < step / 2) return "0";
  const [unit, size] = UNITS.find(([, each]) => step >= each || each === 1);
  const [larger, scale] = unit === "us" || unit === "ns" ? ["ms", 1e6] : [unit, size];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / scale)));
  return `${(time / scale).toFixed(Math.min(digits, 9))}${larger}`;
}

/** Write on a bar, or beside one that is too thin. */
function caption(words, x, y, width, next, onBar, beside) {
  if (width >= 7 * view.letter) label(words, x + 4, y, width - 6, onBar);
  else if (view.pen.globalAlpha === 1) label(words, x + width + 3, y, next - x - width - 8, beside);
}

/** Write a text where it fits, cut to the room there is. */
function label(text, x, y, room, colour) {
  const letters = Math.floor(room / view.letter);
  if (letters < 2) return;
  view.pen.fillStyle = colour;
  view.pen.fillText(text.length <= letters ? text : `${text.slice(0, letters - 1)}…`, x, y);
}

function drawLane(lane) {
  const { pen, colours } = view;
  const top = yOf(lane, 0) - LANE_HEAD;
  if (top > view.height || top + LANE_HEAD + lane.rows.length * ROW < AXIS + STEPS) return;
  pen.fillStyle = colours.line;
  pen.fillRect(0, Math.round(top), view.width, 1);
  const words = lane.crowded ? `${lane.label} (more overlaps than is drawn: see the list)` : lane.label;
  label(words, 6, top + LANE_HEAD / 2 + 1, view.width - 12, colours.quiet);
  const firstRow = Math.max(0, Math.floor((AXIS + STEPS - yOf(lane, 0)) / ROW));
  const lastRow = Math.min(lane.rows.length, Math.ceil((view.height - yOf(lane, 0)) / ROW));
  for (let row = firstRow; row < lastRow; row++) drawRow(lane.rows[row], yOf(lane, row));
}

/** Draw what is visible of a row; what falls into one pixel is drawn once. */
function drawRow(row, y) {
  const { trace } = view;
  let drawnTo = -1;
  for (let place = firstEnding(trace, row, view.from); place < row.length; place++) {
    const thing = row[place];
    const start = startOf(trace, thing);
    if (start > view.to) break;
    const x = xOf(start);
    const end = xOf(endOf(trace, thing));
    const record = thing >= 0 ? thing : trace.owner[~thing];
    const bad = trace.failed[record] === 1;
    if (end - x < 1 && end < drawnTo + 1 && !bad) continue;
    const room = roomAfter(trace, row, place, end);
    drawThing(thing, record, Math.max(-2, x), y, Math.min(end, view.width + 2) - Math.max(-2, x), room);
    drawnTo = Math.max(end, x + THIN);
  }
}

/** Return up to where the words of something may reach: the next thing that the filters let through. */
function roomAfter(trace, row, place, end) {
  const far = Math.min(row.length, place + 30);
  for (let next = place + 1; next < far; next++) {
    const record = row[next] >= 0 ? row[next] : trace.owner[~row[next]];
    if (trace.matches[record]) return xOf(startOf(trace, row[next]));
  }
  return far === row.length ? view.width : end;
}

function drawThing(thing, record, x, y, width, next) {
  const { pen, trace } = view;
  pen.globalAlpha = trace.matches[record] ? 1 : 0.15;
  const height = ROW - GAP;
  if (thing < 0) drawCall(~thing, x, y, Math.max(THIN, width), height, next);
  else if (thing < trace.dispatches) drawDispatch(thing, x, y, Math.max(THIN, width), height, next);
  else drawOther(thing, x, y, width, height, next);
  pen.globalAlpha = 1;
}

function drawDispatch(i, x, y, width, height, next) {
  const { pen, trace, colours } = view;
  const kind = kindOf(trace, i);
  const unheard = isUnheard(trace, i) && !trace.failed[i];
  pen.fillStyle = unheard ? colours.faint : colours.bar;
  pen.fillRect(x, y, width, height);
  if (unheard && width > 3) {
    pen.fillStyle = colours.page;
    pen.fillRect(x + 1, y + 1, width - 2, height - 2);
  }
  const marks = (trace.failed[i] ? "✕ " : "") + (kind.rolledBack ? "↩ " : "");
  if (trace.failed[i]) edge(x, y, width, height, colours.bad);
  const words = `${marks}${kind.name} ${senderWords(kind.sender)}`;
  caption(words, x, y + height / 2 + 1, width, next, unheard ? colours.quiet : colours.ink, colours.quiet);
  if (kind.rolledBack && width > 3) {
    pen.fillStyle = colours.warn;
    pen.fillRect(x, y + height - 2, width, 2);
  }
}

function drawCall(j, x, y, width, height, next) {
  const { pen, trace, colours } = view;
  const kind = callKindOf(trace, j);
  const colour = trace.callColours[trace.callKind[j]];
  if (kind.outcome === "skipped" || kind.outcome === "muted") {
    pen.fillStyle = colours.warn;
    pen.fillRect(x, y, 2, height);
    label(`${kind.outcome}: ${shortName(kind.receiver)}`, x + 4, y + height / 2 + 1, next - x - 8, colours.quiet);
    return;
  }
  pen.fillStyle = colour;
  pen.fillRect(x, y, width, height);
  if (kind.outcome === "raised") edge(x, y, width, height, colours.bad);
  const mark = kind.outcome === "raised" ? "✕ " : "";
  caption(mark + shortName(kind.receiver), x, y + height / 2 + 1, width, next, view.inkOf(colour), colours.ink);
}

/** Draw a bypass as a rhombus, and a callback as a bar that is open to the left. */
function drawOther(i, x, y, width, height, next) {
  const { pen, trace, colours } = view;
  const other = trace.others[i - trace.dispatches];
  const middle = y + height / 2;
  if (other.type === BYPASS || other.start === null) {
    pen.fillStyle = trace.failed[i] ? colours.bad : colours.warn;
    pen.beginPath();
    pen.moveTo(x - 5, middle);
    pen.lineTo(x, middle - 6);
    pen.lineTo(x + 5, middle);
    pen.lineTo(x, middle + 6);
    pen.fill();
    const words = other.type === BYPASS ? `${other.operation} ${other.model}` : `on_commit ${other.ending}: ${shortName(other.function)}`;
    label(words, x + 9, middle + 1, next - x - 14, colours.quiet);
    return;
  }
  edge(x, y, Math.max(1, width), height, trace.failed[i] ? colours.bad : colours.warn);
  caption(`↪ on_commit ${shortName(other.function)}`, x, middle + 1, Math.max(2, width), next, colours.ink, colours.ink);
}

/** Draw the outline of something. */
function edge(x, y, width, height, colour) {
  const { pen } = view;
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = 2;
  if (width < 4) pen.fillRect(x, y, Math.max(2, width), height);
  else pen.strokeRect(x + 1, y + 1, width - 2, height - 2);
}

/** Draw what is chosen, and lines to what it caused and to where a callback was registered. */
function drawChosen() {
  const { pen, trace, colours, chosen } = view;
  if (chosen < 0 || trace.row[chosen] >= MOST_ROWS) return;
  const [x, y] = pointOf(chosen);
  const width = Math.max(2, xOf(trace.start[chosen] + trace.duration[chosen]) - x);
  edge(x - 2, y - 2, width + 4, ROW + 2, colours.chosen);
  pen.lineWidth = 1;
  pen.strokeStyle = colours.chosen;
  for (const child of childrenOf(trace, chosen).slice(0, 100)) {
    if (trace.within[child] === chosen && trace.lane[child] === trace.lane[chosen]) continue;
    arrow(xOf(Math.min(trace.start[child], trace.start[chosen] + trace.duration[chosen])), y + ROW, ...pointOf(child));
  }
  const cause = trace.parent[chosen] >= 0 ? trace.parent[chosen] : trace.sentBy[chosen];
  if (cause >= 0 && trace.within[chosen] !== cause) {
    const [, top] = pointOf(cause);
    const registered = chosen < trace.dispatches ? trace.start[chosen] : trace.others[chosen - trace.dispatches].registered ?? trace.start[chosen];
    arrow(xOf(Math.min(registered, trace.start[cause] + trace.duration[cause])), top + ROW, x, y);
  }
}

const pointOf = (i) => [xOf(view.trace.start[i]), yOf(view.trace.lanes[view.trace.lane[i]], view.trace.row[i])];

function arrow(fromX, fromY, toX, toY) {
  const { pen } = view;
  pen.beginPath();
  pen.moveTo(fromX, fromY);
  pen.bezierCurveTo((fromX + toX) / 2, fromY, (fromX + toX) / 2, toY + ROW / 2, toX - 3, toY + ROW / 2);
  pen.moveTo(toX - 8, toY + ROW / 2 - 4);
  pen.lineTo(toX - 3, toY + ROW / 2);
  pen.lineTo(toX - 8, toY + ROW / 2 + 4);
  pen.stroke();
}
