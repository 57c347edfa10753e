/* The timeline: a canvas that draws what is visible. Time goes to the right, nesting down. */

const ROW = 18,
  GAP = 2,
  LANE_HEAD = 18,
  AXIS = 20,
  STEPS = 18,
  THIN = 2;
const FONT = "11px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";

const view = {
  trace: null,
  from: 0,
  to: 1,
  scroll: 0,
  width: 0,
  height: 0,
  chosen: -1,
  colours: null,
  pending: false,
  letter: 6.6,
};

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
  let first = 0,
    last = trace.head.run.duration;
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
  const canvas = byId("canvas"),
    stage = byId("stage");
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
