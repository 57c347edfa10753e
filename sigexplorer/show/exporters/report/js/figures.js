/* What a trace comes to, per receiver and per signal. What runs inside of itself counts once, as in `-c`. */

/** Count everything once; the tables read what is counted here. */
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
}

function emptyReceiver(name, index) {
  return {
    name,
    index,
    calls: 0,
    called: 0,
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
    heard: 0,
    total: 0,
    slowest: 0,
    slowestIn: -1,
    queries: 0,
  };
}

/** Whether a dispatch was caused, directly or not, by one of which `same(dispatch, call)` is true. */
function isInside(trace, i, same) {
  for (let at = i, cause = trace.parent[at]; cause >= 0; at = cause, cause = trace.parent[at]) {
    const call = trace.parentCall[at] < 0 ? -1 : trace.firstCall[cause] + trace.parentCall[at];
    if (same(cause, call)) return true;
  }
  return false;
}

function countDispatch(trace, i) {
  const signal = trace.signals[trace.signalOf[trace.kind[i]]];
  const took = trace.duration[i];
  signal.dispatches += 1;
  signal.unheard += isUnheard(trace, i) ? 1 : 0;
  signal.failed += trace.failed[i];
  if (!isUnheard(trace, i)) signal.heard += took;
  if (!isInside(trace, i, (cause) => trace.signalOf[trace.kind[cause]] === signal.index)) {
    signal.total += took;
    signal.queries += trace.queries[i];
  }
  if (took > signal.slowest) [signal.slowest, signal.slowestIn] = [took, i];
  let raised = 0;
  for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1]; j++) raised += countCall(trace, i, j);
  trace.totals.errors += raised || trace.failed[i];
}

/** Count a call; return 1 if it raised. */
function countCall(trace, i, j) {
  const receiver = trace.receivers[trace.receiverOf[trace.callKind[j]]];
  const outcome = callKindOf(trace, j).outcome;
  if (outcome === "unknown") return 0;
  if (outcome === "skipped" || outcome === "muted") {
    receiver[outcome] += 1;
    return 0;
  }
  const took = trace.callDuration[j];
  trace.totals.calls += 1;
  receiver.calls += 1;
  receiver.called += took;
  // What ran at the same time is counted in full by each: own time is never less than none.
  receiver.own += Math.max(0, trace.own[j]);
  const again = (cause, call) => call >= 0 && trace.receiverOf[trace.callKind[call]] === receiver.index;
  if (!isInside(trace, i, again)) {
    receiver.total += took;
    receiver.queries += trace.callQueries[j];
  }
  if (took > receiver.slowest || receiver.slowestIn < 0) [receiver.slowest, receiver.slowestIn] = [took, i];
  if (!outcome.startsWith("raised")) return 0;
  receiver.errors += 1;
  return 1;
}
