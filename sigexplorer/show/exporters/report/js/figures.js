/* What a trace comes to: per receiver, per signal, and per receiver of a signal. */

/** Count everything once; the tables and the coverage read what is counted here. */
async function figure(trace) {
  trace.own = trace.callDuration.slice();
  await inSlices(trace.dispatches, (i) => {
    const parent = trace.parent[i];
    if (parent >= 0 && trace.parentCall[i] >= 0) {
      trace.own[trace.firstCall[parent] + trace.parentCall[i]] -= trace.duration[i];
    }
  });
  indexNames(trace);
  trace.totals = { calls: 0, errors: 0 };
  trace.pairs = new Map();
  await inSlices(trace.dispatches, (i) => countDispatch(trace, i));
}

/** Number the receivers and the signals that occur. */
function indexNames(trace) {
  const receivers = new Map(),
    signals = new Map();
  trace.receiverOf = Uint32Array.from(trace.callKinds, (kind) => {
    if (!receivers.has(kind.receiver)) receivers.set(kind.receiver, emptyReceiver(kind.receiver, receivers.size));
    return receivers.get(kind.receiver).index;
  });
  trace.signalOf = Uint32Array.from(trace.kinds, (kind) => {
    if (!signals.has(kind.signal)) signals.set(kind.signal, emptySignal(kind, signals.size));
    return signals.get(kind.signal).index;
  });
  trace.receivers = [...receivers.values()];
  trace.signals = [...signals.values()];
  trace.kindCounts = new Uint32Array(trace.kinds.length);
}

function emptyReceiver(name, index) {
  return {
    name,
    index,
    calls: 0,
    total: 0,
    own: 0,
    slowest: 0,
    slowestIn: -1,
    queries: 0,
    errors: 0,
    skipped: 0,
    muted: 0,
  };
}

function emptySignal(kind, index) {
  return {
    name: kind.name,
    signal: kind.signal,
    index,
    dispatches: 0,
    unheard: 0,
    failed: 0,
    total: 0,
    slowest: 0,
    slowestIn: -1,
    queries: 0,
  };
}

function countDispatch(trace, i) {
  const signal = trace.signals[trace.signalOf[trace.kind[i]]];
  const took = trace.duration[i];
  trace.kindCounts[trace.kind[i]] += 1;
  signal.dispatches += 1;
  signal.unheard += isUnheard(trace, i) ? 1 : 0;
  signal.failed += trace.failed[i];
  signal.total += took;
  signal.queries += trace.queries[i];
  if (took > signal.slowest || signal.slowestIn < 0) [signal.slowest, signal.slowestIn] = [took, i];
  let raised = 0;
  for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1]; j++) raised += countCall(trace, i, j, signal);
  trace.totals.errors += raised || trace.failed[i];
}

/** Count a call; return 1 if it raised. */
function countCall(trace, i, j, signal) {
  const receiver = trace.receivers[trace.receiverOf[trace.callKind[j]]];
  const outcome = callKindOf(trace, j).outcome;
  const pair = signal.index * trace.receivers.length + receiver.index;
  let seen = trace.pairs.get(pair);
  if (!seen) trace.pairs.set(pair, (seen = { calls: 0, skipped: 0, muted: 0, errors: 0 }));
  if (outcome === "unknown") return 0;
  if (outcome === "skipped" || outcome === "muted") {
    receiver[outcome] += 1;
    seen[outcome] += 1;
    return 0;
  }
  const took = trace.callDuration[j];
  trace.totals.calls += 1;
  receiver.calls += 1;
  seen.calls += 1;
  receiver.total += took;
  // What ran at the same time is counted in full by each: own time is never less than none.
  receiver.own += Math.max(0, trace.own[j]);
  receiver.queries += trace.callQueries[j];
  if (took > receiver.slowest || receiver.slowestIn < 0) [receiver.slowest, receiver.slowestIn] = [took, i];
  if (!outcome.startsWith("raised")) return 0;
  receiver.errors += 1;
  seen.errors += 1;
  return 1;
}
