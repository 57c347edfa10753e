/* The mouse, the wheel and the keys of the timeline. */

/** Return what is drawn at a point of the canvas: a record, or `~` a call; null where nothing is. */
function thingAt(x, y) {
  const { trace } = view;
  const lane = trace.lanes.find((each) => y >= yOf(each, 0) && y < yOf(each, each.rows.length));
  if (!lane || y < AXIS + STEPS) return null;
  const row = lane.rows[Math.floor((y - yOf(lane, 0)) / ROW)];
  let best = null,
    nearest = 5; // pixels: what is thin can be hit beside it
  for (let place = firstEnding(trace, row, timeAt(x - nearest)); place < row.length; place++) {
    const from = xOf(startOf(trace, row[place])),
      to = xOf(endOf(trace, row[place]));
    if (from > x + 5) break;
    const away = x < from ? from - x : x > to ? x - to : 0;
    if (away < nearest) [best, nearest] = [row[place], away];
    if (away === 0) break;
  }
  return best;
}

/** Listen to the canvas; `choose` is told the record that was clicked. */
function listenToCanvas(choose) {
  const canvas = byId("canvas");
  let dragged = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    dragged = { x: event.offsetX, y: event.offsetY, far: 0 };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!dragged) return showTip(event);
    const [x, y] = [event.offsetX - dragged.x, event.offsetY - dragged.y];
    dragged.far += Math.abs(x) + Math.abs(y);
    [dragged.x, dragged.y] = [event.offsetX, event.offsetY];
    if (dragged.far > 4) {
      byId("tip").hidden = true;
      pan(-x, -y);
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    const clicked = dragged && dragged.far <= 4;
    dragged = null;
    if (clicked) clickAt(event, choose);
  });
  canvas.addEventListener("pointercancel", () => {
    dragged = null;
  });
  canvas.addEventListener("pointerleave", () => {
    byId("tip").hidden = true;
  });
  canvas.addEventListener("dblclick", () => zoomToChosen());
  canvas.addEventListener("wheel", wheel, { passive: false });
}

function clickAt(event, choose) {
  const thing = view.trace && thingAt(event.offsetX, event.offsetY);
  if (thing !== null) choose(thing >= 0 ? thing : view.trace.owner[~thing]);
}

/** Zoom with the wheel; with Shift, or sideways, move in time; with Alt up and down. */
function wheel(event) {
  event.preventDefault();
  if (!view.trace) return;
  const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
  const [x, y] = [event.deltaX * unit, event.deltaY * unit];
  if (event.altKey) pan(0, y);
  else if (event.shiftKey || Math.abs(x) > Math.abs(y)) pan(x || y);
  else zoomBy(1.0015 ** Math.max(-400, Math.min(400, y)), timeAt(event.offsetX));
}

/** Say beside the pointer what is under it. */
function showTip(event) {
  const tip = byId("tip");
  const thing = view.trace && thingAt(event.offsetX, event.offsetY);
  tip.hidden = thing === null;
  if (thing === null) return;
  tip.textContent = tipFor(view.trace, thing);
  tip.style.left = `${Math.min(event.offsetX + 14, Math.max(0, view.width - tip.offsetWidth - 8))}px`;
  tip.style.top = `${Math.min(event.offsetY + 16, Math.max(0, view.height - tip.offsetHeight - 8))}px`;
}

function tipFor(trace, thing) {
  const took = duration(endOf(trace, thing) - startOf(trace, thing));
  if (thing < 0) {
    const kind = callKindOf(trace, ~thing);
    return `${kind.receiver}\n${kind.outcome === "returned" ? took : `${kind.outcome}, ${took}`}, ${trace.callQueries[~thing]} SQL`;
  }
  const kind = kindOf(trace, thing);
  return `${titleOf(trace, thing)} ${kind.sender ?? "None"}\n${marksOf(trace, thing).concat(took).join(", ")}`;
}

/** Bring a record into view, as little as needed; all of it if it is not seen at all. */
function revealInCanvas(i) {
  const { trace } = view;
  view.chosen = i;
  const span = view.to - view.from;
  const [start, end] = [trace.start[i], trace.start[i] + trace.duration[i]];
  if (end < view.from || start > view.to) moveTo(start - span / 4, start + (span * 3) / 4);
  const [, y] = pointOf(i);
  if (y < AXIS + STEPS + LANE_HEAD) pan(0, y - AXIS - STEPS - LANE_HEAD);
  else if (y > view.height - ROW) pan(0, y - view.height + 2 * ROW);
  redraw();
}

function zoomToChosen() {
  const { trace, chosen } = view;
  if (!trace || chosen < 0) return;
  const margin = Math.max(50, trace.duration[chosen] * 0.1);
  moveTo(trace.start[chosen] - margin, trace.start[chosen] + trace.duration[chosen] + margin);
}

const CANVAS_KEYS = {
  ArrowLeft: () => pan(-view.width / 8),
  ArrowRight: () => pan(view.width / 8),
  ArrowUp: () => pan(0, -3 * ROW),
  ArrowDown: () => pan(0, 3 * ROW),
  "+": () => zoomBy(0.6),
  "=": () => zoomBy(0.6),
  "-": () => zoomBy(1 / 0.6),
  Home: fitAll,
  f: zoomToChosen,
};
