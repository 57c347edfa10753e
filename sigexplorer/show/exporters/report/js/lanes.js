/* Where everything is drawn: a lane for each thread, and in it rows, each of which holds
   things one after another. What is nested lies right below what it was sent in. What
   overlaps, as asynchronous calls do, lies apart: each with all that is nested in it. */

/* More rows than anybody looks at; what overlaps still more is only in the list. */
const MOST_ROWS = 8192;

/* And below one thing. */
const MOST_BELOW = 4096;
const NOT_BELOW = 65535;

/** Give every record and call a lane and a row. Call `j` stands in rows as `~j`. */
async function placeAll(trace) {
  await findLanes(trace);
  const shape = {
    // Of what is nested in each record, and in each call, the first and the next.
    firstIn: new Int32Array(trace.size).fill(-1),
    firstInCall: new Int32Array(trace.calls).fill(-1),
    next: new Int32Array(trace.size).fill(-1),
    // How many rows each takes with what is nested in it, until when, and how far below.
    height: new Uint16Array(trace.size),
    end: new Float64Array(trace.size),
    below: new Uint16Array(trace.size),
    callHeight: new Uint16Array(trace.calls),
    callEnd: new Float64Array(trace.calls),
    callBelow: new Uint16Array(trace.calls),
  };
  await inSlices(trace.size, (place) => measure(trace, shape, trace.order[trace.size - 1 - place]));
  trace.row = new Uint16Array(trace.size);
  trace.callRow = new Uint16Array(trace.calls);
  await inSlices(trace.size, (place) => placeRecord(trace, shape, trace.order[place]));
  for (const lane of trace.lanes) {
    for (const row of lane.rows) {
      const byTime = (a, b) => startOf(trace, a) - startOf(trace, b) || endOf(trace, a) - endOf(trace, b);
      if (row.some((thing, place) => place && byTime(row[place - 1], thing) > 0)) row.sort(byTime);
      await pause();
    }
  }
}

async function findLanes(trace) {
  trace.lanes = [];
  const lanes = new Map();
  const laneOfKind = trace.kinds.map((kind) => (kind.thread === null ? -1 : laneFor(trace, lanes, kind)));
  if (!trace.lanes.length) laneFor(trace, lanes, { process: "", thread: "" });
  trace.lane = new Uint32Array(trace.size);
  await inSlices(trace.size, (place) => {
    const i = trace.order[place];
    const near = trace.within[i] >= 0 ? trace.within[i] : trace.parent[i] >= 0 ? trace.parent[i] : trace.firstChild[i];
    const known = laneOfKind[trace.kind[i]];
    trace.lane[i] = known >= 0 ? known : near >= 0 && near < trace.dispatches ? laneOfKind[trace.kind[near]] : 0;
  });
}

function laneFor(trace, lanes, kind) {
  const key = `${kind.process} ${kind.thread}`;
  if (!lanes.has(key)) {
    lanes.set(key, trace.lanes.length);
    trace.lanes.push({
      label: kind.process === "" ? "" : `process ${kind.process}, ${kind.thread}`,
      rows: [],
      ends: [],
    });
  }
  return lanes.get(key);
}

/** Find out how much room a record takes, after all that is nested in it, and hang it into what it is nested in. */
function measure(trace, shape, i) {
  const things = [];
  for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1]; j++) {
    const stack = stacked(trace, shape, listed(shape, shape.firstInCall[j], []));
    shape.callHeight[j] = 1 + stack.height;
    shape.callEnd[j] = Math.max(endOf(trace, ~j), stack.end);
    things.push(~j);
  }
  listed(shape, shape.firstIn[i], things);
  if (things.length > 1) things.sort((a, b) => startOf(trace, a) - startOf(trace, b));
  const stack = stacked(trace, shape, things);
  shape.height[i] = 1 + stack.height;
  shape.end[i] = Math.max(endOf(trace, i), stack.end);
  if (!isPartOf(trace, i)) return;
  const j = callAround(trace, i);
  const [first, place] = j >= 0 ? [shape.firstInCall, j] : [shape.firstIn, trace.within[i]];
  shape.next[i] = first[place];
  first[place] = i;
}

function listed(shape, first, found) {
  for (let i = first; i >= 0; i = shape.next[i]) found.push(i);
  return found;
}

/** Put things, in the order of time, below what they are nested in; return how many rows they take, and until when. */
function stacked(trace, shape, things) {
  const ends = [];
  let end = 0;
  for (const thing of things) {
    const isCall = thing < 0;
    const until = isCall ? shape.callEnd[~thing] : shape.end[thing];
    const height = isCall ? shape.callHeight[~thing] : shape.height[thing];
    const row = fit(ends, startOf(trace, thing), until, height, 0, MOST_BELOW);
    if (isCall) shape.callBelow[~thing] = row < 0 ? NOT_BELOW : row;
    else shape.below[thing] = row < 0 ? NOT_BELOW : row;
    end = Math.max(end, until);
  }
  return { height: Math.min(MOST_BELOW - 1, ends.length), end };
}

/** Whether a record is drawn as a part of what it is nested in: that is in its lane, and not over yet. */
function isPartOf(trace, i) {
  const around = trace.within[i];
  return around >= 0 && trace.lane[around] === trace.lane[i] && trace.start[i] <= endOf(trace, around);
}

/** Return the call that a record was sent in, or -1. */
function callAround(trace, i) {
  const around = trace.within[i];
  if (trace.parent[i] !== around || trace.parentCall[i] < 0) return -1;
  const j = trace.firstCall[around] + trace.parentCall[i];
  return startOf(trace, ~j) <= trace.start[i] ? j : -1;
}

function placeRecord(trace, shape, i) {
  const lane = trace.lanes[trace.lane[i]];
  const around = trace.within[i];
  let row = 0;
  if (around >= 0 && trace.lane[around] === trace.lane[i]) {
    const j = callAround(trace, i);
    row = 1 + (j >= 0 ? trace.callRow[j] : trace.row[around]);
  }
  if (isPartOf(trace, i)) row += shape.below[i];
  else row = fit(lane.ends, trace.start[i], shape.end[i], shape.height[i], row, MOST_ROWS);
  trace.row[i] = put(lane, row, i);
  for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1]; j++)
    trace.callRow[j] = put(lane, trace.row[i] + 1 + shape.callBelow[j], ~j);
}

/** Put something into its row; one that is too deep is in no row. */
function put(lane, row, thing) {
  if (row < 0 || row >= MOST_ROWS) {
    lane.crowded = true;
    return MOST_ROWS;
  }
  while (row >= lane.rows.length) lane.rows.push([]);
  lane.rows[row].push(thing);
  return row;
}

/** Take so many rows, one below the other, where they are free; return the first, or -1. */
function fit(ends, start, end, height, least, most) {
  let row = least;
  for (let next = least; next < Math.min(row + height, ends.length); next++) if (ends[next] > start) row = next + 1;
  if (row + height > most) return -1;
  while (ends.length < row + height) ends.push(-Infinity);
  ends.fill(end, row, row + height);
  return row;
}

/** Return when something in a row begins. */
function startOf(trace, thing) {
  return thing >= 0 ? trace.start[thing] : Math.max(trace.callStart[~thing], trace.start[trace.owner[~thing]]);
}

/** Return when something in a row ends. */
function endOf(trace, thing) {
  return startOf(trace, thing) + (thing >= 0 ? trace.duration[thing] : trace.callDuration[~thing]);
}

/** Return the place in a row of the first thing that ends at `time` or later. */
function firstEnding(trace, row, time) {
  let low = 0,
    high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (endOf(trace, row[middle]) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
