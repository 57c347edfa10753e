/* What stands in a lane: a bar for each dispatch and call, a rhombus where no signal was sent,
   and around what is chosen lines to its causes and effects. */

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
  if (kind.outcome === "skipped" || kind.outcome === "muted" || kind.outcome.endsWith("known")) {
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
    const words =
      other.type === BYPASS
        ? `${other.operation} ${other.model}`
        : `on_commit ${other.ending}: ${shortName(other.function)}`;
    label(words, x + 9, middle + 1, next - x - 14, colours.quiet);
    return;
  }
  edge(x, y, Math.max(1, width), height, trace.failed[i] ? colours.bad : colours.warn);
  caption(
    `↪ on_commit ${shortName(other.function)}`,
    x,
    middle + 1,
    Math.max(2, width),
    next,
    colours.ink,
    colours.ink,
  );
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
    const registered =
      chosen < trace.dispatches
        ? trace.start[chosen]
        : (trace.others[chosen - trace.dispatches].registered ?? trace.start[chosen]);
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
