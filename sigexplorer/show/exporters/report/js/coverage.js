/* Which of the project's receivers were called, which were not and why, and what nobody heard. */

const REGISTRATION_PARTS = [
  "signal",
  "name",
  "receiver",
  "file",
  "line",
  "sender",
  "uid",
  "alive",
  "stock",
  "connected",
];

function drawCoverage(trace, show) {
  const own = trace.head.receivers.map((row) => named(REGISTRATION_PARTS, row)).filter((one) => !one.stock);
  const sent = countSenders(trace);
  const signals = new Map(trace.signals.map((each) => [each.signal, each.index]));
  const receivers = new Map(trace.receivers.map((each) => [each.name, each.index]));
  const judged = own.map((one) =>
    judge(trace, one, signals.get(one.signal), receivers.get(one.receiver), sent.get(one.signal)),
  );
  const called = judged.filter((one) => one.calls),
    missed = judged.filter((one) => !one.calls);
  byId("coverage").replaceChildren(
    make(
      "p",
      {},
      trace.head.receivers.length
        ? `Of ${plural(own.length, "registration")} of the project's own, ${number(called.length)} called and ${number(missed.length)} not. Django's own are left out.`
        : "This trace does not hold the list of connected receivers: only what was called, and what nobody heard, is known.",
    ),
    ...section("not called", missed, reasonTable),
    ...section("called", own.length ? called : calledOnly(trace), (rows) => calledTable(trace, rows, show)),
    ...section("unheard", unheardRows(trace), (rows) => unheardTable(rows, show)),
  );
}

function section(title, rows, table) {
  return [
    make("h2", {}, `${title}: ${number(rows.length)}`),
    rows.length ? table(rows) : make("p", { class: "quiet" }, "none"),
  ];
}

/** Return by signal how often each sender sent it. */
function countSenders(trace) {
  const sent = new Map();
  trace.kinds.forEach((kind, place) => {
    const times = trace.kindCounts[place];
    if (!times) return;
    if (!sent.has(kind.signal)) sent.set(kind.signal, { all: 0, senders: new Map() });
    const counts = sent.get(kind.signal);
    counts.all += times;
    counts.senders.set(kind.sender, (counts.senders.get(kind.sender) || 0) + times);
  });
  return sent;
}

/** Add to a registration how often it was called, or why it was not. */
function judge(trace, one, signal, receiver, sent) {
  const pair = signal === undefined || receiver === undefined ? null : signal * trace.receivers.length + receiver;
  const seen = trace.pairs.get(pair) || { calls: 0, skipped: 0, muted: 0, errors: 0 };
  return { ...one, ...seen, reason: seen.calls ? "" : reasonFor(trace, one, seen, sent) };
}

function reasonFor(trace, one, seen, sent) {
  if (!one.alive) return "it is dead: only a weak reference was kept, and nothing else held it";
  if (seen.muted) return `it was muted ${times(seen.muted)}`;
  if (seen.skipped) return `it was skipped ${times(seen.skipped)}: an earlier receiver raised`;
  const counted = trace.head.counted.filter(([name]) => name === one.name).reduce((sum, [, , many]) => sum + many, 0);
  if (!sent && counted) return `${one.name} was only counted, ${times(counted)}: its calls were not recorded`;
  if (!sent) return `${one.name} was never sent`;
  if (one.sender !== null && !sent.senders.has(one.sender))
    return `${one.name} was sent ${times(sent.all)}, never by ${one.sender}`;
  return `${one.name} was sent ${times(one.sender === null ? sent.all : sent.senders.get(one.sender))}, but not while it was connected`;
}

const times = (many) => (many === 1 ? "once" : many === 2 ? "twice" : `${number(many)} times`);

const connectedWords = (one) =>
  [
    placeWords(one.connected) || (one.file && `${one.file}:${one.line ?? "?"}`) || "",
    one.uid === null ? "" : `dispatch_uid ${one.uid}`,
  ]
    .filter(Boolean)
    .join(", ");

function reasonTable(rows) {
  return sortedTable(
    "registrations that were not called",
    [
      text("signal", (row) => row.name),
      text("receiver", (row) => row.receiver),
      text("sender", (row) => row.sender ?? "any"),
      text("why", (row) => row.reason),
      text("where", connectedWords),
    ],
    rows,
    0,
  );
}

function calledTable(trace, rows, show) {
  return sortedTable(
    "registrations that were called",
    [
      text("signal", (row) => row.name),
      text(
        "receiver",
        (row) => row.receiver,
        (row) => receiverCell(trace, row.receiver, show),
      ),
      text("sender", (row) => row.sender ?? "any"),
      count("calls", (row) => row.calls),
      count("errors", (row) => row.errors),
      count("skipped", (row) => row.skipped),
      text("where", connectedWords),
    ],
    rows,
    3,
  );
}

/** Return what was called, where the trace does not say what was connected. */
function calledOnly(trace) {
  if (trace.head.receivers.length) return [];
  const rows = [];
  for (const [pair, seen] of trace.pairs) {
    const receiver = trace.receivers[pair % trace.receivers.length].name;
    const signal = trace.signals[Math.floor(pair / trace.receivers.length)];
    if (seen.calls && appOf(receiver) !== "django")
      rows.push({ ...seen, receiver, name: signal.name, sender: null, connected: null, file: "", uid: null });
  }
  return rows;
}

/** Say why nobody heard what this sender sent. */
function unheardReason(trace, connected, kind) {
  const known = connected.get(kind.signal);
  if (!trace.head.receivers.length) return "nobody was connected to it for this sender";
  if (!known) return "no receiver is connected to this signal";
  if (known.has(null) || known.has(kind.sender)) return "its receivers were not connected at that time";
  return `connected only for ${[...known].slice(0, 3).join(", ")}${known.size > 3 ? " and others" : ""}`;
}

/** Return by signal the senders for which a living receiver is connected; null: any. */
function connectedSenders(trace) {
  const connected = new Map();
  for (const one of trace.head.receivers.map((row) => named(REGISTRATION_PARTS, row))) {
    if (!one.alive) continue;
    if (!connected.has(one.signal)) connected.set(one.signal, new Set());
    connected.get(one.signal).add(one.sender);
  }
  return connected;
}

function unheardRows(trace) {
  const connected = connectedSenders(trace);
  const rows = new Map();
  for (let i = 0; i < trace.dispatches; i++) {
    if (isUnheard(trace, i)) rows.set(trace.kind[i], (rows.get(trace.kind[i]) || 0) + 1);
  }
  const bySignal = new Map();
  for (const [place, many] of rows) {
    const kind = trace.kinds[place],
      key = JSON.stringify([kind.signal, kind.sender]);
    const row = bySignal.get(key) || {
      name: kind.name,
      signal: kind.signal,
      sender: kind.sender ?? "None",
      many: 0,
      reason: unheardReason(trace, connected, kind),
    };
    row.many += many;
    bySignal.set(key, row);
  }
  return [...bySignal.values()];
}

function unheardTable(rows, show) {
  return sortedTable(
    "dispatches that no receiver but ours heard",
    [
      text(
        "signal",
        (row) => row.name,
        (row) => linkTo(row.name, () => show.signal(row.signal)),
      ),
      text("sender", (row) => row.sender),
      count("times", (row) => row.many),
      text("why", (row) => row.reason),
    ],
    rows,
    2,
  );
}
