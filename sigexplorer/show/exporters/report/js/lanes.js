/* Where everything is drawn: a lane for each thread, and in it rows, each of which holds
   things one after another. A thing goes into the first row below its cause that is free:
   what is nested lies deeper, and what overlaps, as asynchronous calls do, lies apart. */

/* More rows than anybody looks at; what overlaps still more is only in the list. */
const MOST_ROWS = 4096;

/** Give every record and call a lane and a row. Call `j` stands in rows as `~j`. */
async function placeAll(trace) {
  trace.lanes = [];
  const lanes = new Map();
  const laneOfKind = trace.kinds.map((kind) => (kind.thread === null ? -1 : laneFor(trace, lanes, kind)));
  if (!trace.lanes.length) laneFor(trace, lanes, { process: "", thread: "" });
  trace.lane = new Uint32Array(trace.size);
  trace.row = new Uint16Array(trace.size);
  trace.callRow = new Uint16Array(trace.calls);
  await inSlices(trace.size, (place) => {
    const i = trace.order[place];
    const near = trace.within[i] >= 0 ? trace.within[i] : trace.parent[i] >= 0 ? trace.parent[i] : trace.firstChild[i];
    const known = laneOfKind[trace.kind[i]];
    trace.lane[i] = known >= 0 ? known : near >= 0 && near < trace.dispatches ? laneOfKind[trace.kind[near]] : 0;
    placeRecord(trace, i);
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

function placeRecord(trace, i) {
  const lane = trace.lanes[trace.lane[i]];
  const around = trace.within[i];
  let least = 0;
  if (around >= 0 && trace.lane[around] === trace.lane[i]) {
    const call = trace.parent[i] === around ? trace.parentCall[i] : -1;
    least = 1 + (call >= 0 ? trace.callRow[trace.firstCall[around] + call] : trace.row[around]);
  }
  const end = trace.start[i] + trace.duration[i];
  trace.row[i] = placeIn(lane, least, trace.start[i], end, i);
  for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1]; j++) {
    const began = Math.max(trace.callStart[j], trace.start[i]);
    trace.callRow[j] = placeIn(lane, trace.row[i] + 1, began, began + trace.callDuration[j], ~j);
  }
}

/** Put something into the first free row; one that is too deep is in no row. */
function placeIn(lane, least, start, end, thing) {
  let row = least;
  while (row < lane.rows.length && lane.ends[row] > start) row += 1;
  if (row >= MOST_ROWS) {
    lane.crowded = true;
    return MOST_ROWS;
  }
  while (row >= lane.rows.length) {
    lane.rows.push([]);
    lane.ends.push(-Infinity);
  }
  lane.rows[row].push(thing);
  lane.ends[row] = Math.max(end, start);
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
