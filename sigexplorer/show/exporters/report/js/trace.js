/* A trace as columns: record `i` is a dispatch, a bypass or a callback; call `j` is a
   receiver in a dispatch. Dispatches come first, in the order of the file. */

const DISPATCH = 0,
  BYPASS = 1,
  CALLBACK = 2;

const KIND_PARTS = [
  "signal",
  "name",
  "group",
  "method",
  "sender",
  "step",
  "thread",
  "process",
  "inTransaction",
  "rolledBack",
];
const CALL_PARTS = ["receiver", "order", "file", "line", "uid", "weak", "isAsync", "outcome"];
const BYPASS_PARTS = [
  "id",
  "operation",
  "model",
  "rows",
  "start",
  "step",
  "parent",
  "parentCall",
  "origin",
  "wouldCall",
];
const CALLBACK_PARTS = [
  "id",
  "function",
  "file",
  "line",
  "using",
  "registered",
  "step",
  "parent",
  "parentCall",
  "origin",
  "start",
  "duration",
  "ending",
  "error",
];

const named = (parts, row) => Object.fromEntries(parts.map((part, place) => [part, row[place]]));

/** Return the trace with this number, read from the page. */
async function readTrace(chosen, tell) {
  const trace = { kinds: [], callKinds: [], blocks: [], others: [], bypasses: 0, callbacks: 0 };
  const gathered = {};
  let dispatches = 0,
    calls = 0;
  for (const part of document.querySelectorAll(`script[data-trace="${chosen}"]`)) {
    if (part.dataset.part === "texts") {
      trace.blocks[trace.blocks.length - 1].part = part;
      continue;
    }
    const { tables, columns } = await unpack(part.textContent);
    if (part.dataset.part === "head") trace.head = tables;
    else if (part.dataset.part === "bypasses")
      trace.others.push(...tables.map((row) => ({ type: BYPASS, ...named(BYPASS_PARTS, row) })));
    else if (part.dataset.part === "callbacks")
      trace.others.push(...tables.map((row) => ({ type: CALLBACK, ...named(CALLBACK_PARTS, row) })));
    else {
      trace.blocks.push({ first: dispatches, firstCall: calls, size: columns.kind.length, part: null, texts: null });
      dispatches += columns.kind.length;
      calls += columns.callKind.length;
      gather(trace, gathered, tables, columns);
    }
    tell(dispatches, trace.head.dispatches);
    await pause();
  }
  await assemble(trace, gathered, dispatches, calls);
  return trace;
}

/** Keep the columns of one block until all are there. */
function gather(trace, gathered, tables, columns) {
  for (const row of tables.kinds) trace.kinds.push(named(KIND_PARTS, row));
  for (const row of tables.callKinds) trace.callKinds.push(named(CALL_PARTS, row));
  columns.id = running(columns.id);
  columns.start = running(columns.start);
  columns.callStart = running(columns.callStart);
  for (const [name, column] of Object.entries(columns)) (gathered[name] ||= []).push(column);
}

/** Make the columns of the whole trace, and find what caused what. */
async function assemble(trace, gathered, dispatches, calls) {
  const extra = trace.others.length;
  const whole = (name, Type) => joined(gathered[name] || [], Type, extra);
  const ofCalls = (name, Type) => joined(gathered[name] || [], Type);
  Object.assign(trace, {
    dispatches,
    calls,
    size: dispatches + extra,
    id: whole("id", Float64Array),
    kind: whole("kind", Uint32Array),
    start: whole("start", Float64Array),
    duration: whole("duration", Float64Array),
    queries: whole("queries", Float64Array),
    failed: whole("failed", Uint8Array),
    parentCall: whole("parentCall", Int32Array).map((call) => call - 1),
    cause: whole("parent", Float64Array),
    callback: whole("callback", Float64Array),
    firstCall: places(whole("count", Uint32Array)),
    callKind: ofCalls("callKind", Uint32Array),
    callStart: ofCalls("callStart", Float64Array),
    callDuration: ofCalls("callDuration", Float64Array),
    callQueries: ofCalls("callQueries", Float64Array),
  });
  await pause();
  addOthers(trace);
  await pause();
  await relate(trace);
  await arrange(trace);
}

/** Give bypasses and callbacks their places behind the dispatches. */
function addOthers(trace) {
  const known = new Map();
  trace.others.forEach((other, place) => {
    const record = trace.dispatches + place;
    const isBypass = other.type === BYPASS;
    trace[isBypass ? "bypasses" : "callbacks"] += 1;
    const kind = {
      signal: "",
      name: isBypass ? `no signal: ${other.operation}` : "on_commit",
      group: isBypass ? "bypass" : "on_commit",
      method: "",
      sender: isBypass ? other.model : other.function,
      step: other.step,
      thread: null,
      process: null,
      inTransaction: false,
      rolledBack: false,
    };
    const key = JSON.stringify(kind);
    if (!known.has(key)) known.set(key, trace.kinds.push(kind) - 1);
    trace.id[record] = other.id;
    trace.kind[record] = known.get(key);
    trace.start[record] = isBypass ? other.start : (other.start ?? other.registered);
    trace.duration[record] = isBypass ? 0 : other.duration;
    trace.failed[record] = other.ending === "raised" ? 1 : 0;
    trace.parentCall[record] = other.parentCall ?? -1;
  });
}

/** Find the records behind the numbers: what a dispatch was sent during, what sent it, whether it failed. */
async function relate(trace) {
  const dispatches = new Map(),
    callbacks = new Map();
  trace.owner = new Uint32Array(trace.calls);
  trace.parent = new Int32Array(trace.size).fill(-1);
  trace.sentBy = new Int32Array(trace.size).fill(-1);
  await inSlices(trace.size, (i) => {
    if (typeOf(trace, i) === CALLBACK) callbacks.set(trace.id[i], i);
    else if (i < trace.dispatches) dispatches.set(trace.id[i], i);
    for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1]; j++) {
      trace.owner[j] = i;
      if (trace.callKinds[trace.callKind[j]].outcome.startsWith("raised")) trace.failed[i] = 1;
    }
  });
  await inSlices(trace.size, (i) => {
    // Callbacks have numbers of their own, so that a distance would say nothing.
    const cause =
      i < trace.dispatches ? trace.cause[i] && trace.id[i] - trace.cause[i] : trace.others[i - trace.dispatches].parent;
    if (cause) trace.parent[i] = dispatches.get(cause) ?? -1;
    if (trace.callback[i]) trace.sentBy[i] = callbacks.get(trace.callback[i] - 1) ?? -1;
    const parent = trace.parent[i];
    if (parent >= 0 && trace.parentCall[i] >= callCount(trace, parent)) trace.parentCall[i] = -1;
  });
}

/** Order the records by time, and say how deep each is nested and what it caused. */
async function arrange(trace) {
  trace.order = ordered(trace);
  await pause();
  const position = new Uint32Array(trace.size);
  await inSlices(trace.size, (place) => {
    position[trace.order[place]] = place;
  });
  trace.depth = new Uint16Array(trace.size);
  trace.within = new Int32Array(trace.size).fill(-1);
  trace.firstChild = new Int32Array(trace.size).fill(-1);
  trace.nextChild = new Int32Array(trace.size).fill(-1);
  await inSlices(trace.size, (place) => {
    const i = trace.order[place];
    // A callback that ran is shown where it ran, not where it was registered. Nothing is
    // nested in what comes later: a damaged file cannot make a circle.
    const ran = typeOf(trace, i) === CALLBACK && trace.others[i - trace.dispatches].start !== null;
    const around = ran ? -1 : trace.parent[i] >= 0 ? trace.parent[i] : trace.sentBy[i];
    if (around < 0 || position[around] >= place) return;
    trace.within[i] = around;
    trace.depth[i] = Math.min(65535, trace.depth[around] + 1);
  });
  await inSlices(trace.size, (place) => {
    const i = trace.order[trace.size - 1 - place];
    const cause = trace.parent[i] >= 0 ? trace.parent[i] : trace.sentBy[i];
    if (cause < 0 || cause === i) return;
    trace.nextChild[i] = trace.firstChild[cause];
    trace.firstChild[cause] = i;
  });
}

/** Return the records in the order of time; most traces are in it already. */
function ordered(trace) {
  const { start, id, dispatches, size } = trace;
  // Of what began in the same nanosecond a callback comes first: it caused the rest.
  const rank = (i) => (typeOf(trace, i) === CALLBACK ? 0 : 1);
  const byTime = (a, b) => start[a] - start[b] || rank(a) - rank(b) || id[a] - id[b] || a - b;
  const main = Uint32Array.from({ length: dispatches }, (_, i) => i);
  for (let i = 1; i < dispatches; i++) {
    if (start[i] < start[i - 1]) {
      main.sort(byTime);
      break;
    }
  }
  const others = Uint32Array.from({ length: size - dispatches }, (_, i) => dispatches + i).sort(byTime);
  const merged = new Uint32Array(size);
  for (let place = 0, a = 0, b = 0; place < size; place++) {
    const fromMain = b >= others.length || (a < main.length && byTime(main[a], others[b]) <= 0);
    merged[place] = fromMain ? main[a++] : others[b++];
  }
  return merged;
}

const typeOf = (trace, i) => (i < trace.dispatches ? DISPATCH : trace.others[i - trace.dispatches].type);
const kindOf = (trace, i) => trace.kinds[trace.kind[i]];
const callKindOf = (trace, j) => trace.callKinds[trace.callKind[j]];
const callCount = (trace, i) => trace.firstCall[i + 1] - trace.firstCall[i];
/** Return what a record is called: its number and its signal; callbacks have no number among the rest. */
const titleOf = (trace, i) => `${typeOf(trace, i) === CALLBACK ? "" : `#${trace.id[i]} `}${kindOf(trace, i).name}`;

const isUnheard = (trace, i) => i < trace.dispatches && callCount(trace, i) === 0;

/** Return the records that this one caused. */
function childrenOf(trace, i) {
  const children = [];
  for (let child = trace.firstChild[i]; child >= 0; child = trace.nextChild[child]) children.push(child);
  return children;
}

/* Blocks whose texts are kept once they were read. */
const KEPT_BLOCKS = 64;
const keptBlocks = [];

/** Return the block of a dispatch. */
const blockOf = (trace, i) => trace.blocks[Math.floor(i / trace.blocks[0].size)];

/** Return the texts of a block: a promise. */
function textsOf(block) {
  if (!block.reading) {
    block.reading = readTexts(block);
    keptBlocks.push(block);
    if (keptBlocks.length > KEPT_BLOCKS) {
      const oldest = keptBlocks.shift();
      oldest.reading = oldest.texts = null;
    }
  }
  return block.reading;
}

async function readTexts(block) {
  const { tables, columns } = await unpack(block.part.textContent);
  const counts = Uint32Array.from(columns.names, (shape) => tables.shapes[shape].length);
  const texts = { ...tables, ...columns, arguments: places(counts) };
  if (block.reading) block.texts = texts;
  return texts;
}

/** Return the arguments of a dispatch as pairs, from the texts of its block. */
function argumentsOf(texts, block, i) {
  const own = i - block.first;
  const names = texts.shapes[texts.names[own]];
  return names.map((name, place) => [name, texts.values[texts.value[texts.arguments[own] + place]]]);
}
