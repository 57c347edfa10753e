/* Which receivers were called, which of the project's own were not and why, and what nobody heard.
   What stands here was found by whoever wrote the page, in the words of `-f coverage`. */

const CALLED_PARTS = ["receiver", "signal", "senders", "reason"];
const NOT_CALLED_PARTS = ["receiver", "signal", "sender", "file", "line", "reason"];
const UNHEARD_PARTS = ["signal", "senders", "reason"];

function drawCoverage(trace, show) {
  const found = trace.head.coverage;
  const rowsOf = (parts, rows) => rows.map((row) => named(parts, row)).map((row) => ({ ...row, times: sum(row.senders) }));
  byId("coverage").replaceChildren(
    ...section("called", rowsOf(CALLED_PARTS, found.called), (rows) => calledTable(trace, rows, show)),
    ...(found.registrations
      ? section("not called, of the project's own", rowsOf(NOT_CALLED_PARTS, found.notCalled), notCalledTable)
      : [
          make("h2", {}, "not called"),
          make("p", {}, "not known: this trace holds no list of the receivers that were connected"),
        ]),
    ...section("unheard", rowsOf(UNHEARD_PARTS, found.unheard), (rows) => unheardTable(rows, show)),
  );
}

const sum = (senders) => (senders || []).reduce((total, [, times]) => total + times, 0);

function section(title, rows, table) {
  return [
    make("h2", {}, `${title}: ${rows.length ? number(rows.length) : "none"}`),
    ...(rows.length ? [table(rows)] : []),
  ];
}

const sendersWords = (row) =>
  row.senders.map(([sender, times]) => (times > 1 ? `${sender} ×${number(times)}` : sender)).join(", ");

function signalColumn(show) {
  return text(
    "signal",
    (row) => row.signal,
    (row) => linkTo(row.signal, () => show.signal(row.signal)),
  );
}

function calledTable(trace, rows, show) {
  return sortedTable(
    "receivers that were called",
    [
      text(
        "receiver",
        (row) => row.receiver,
        (row) => receiverCell(trace, row.receiver, show),
      ),
      signalColumn(show),
      text("senders", sendersWords),
      count("calls", (row) => row.times),
      text("why", (row) => row.reason),
    ],
    rows,
    3,
  );
}

function notCalledTable(rows) {
  return sortedTable(
    "registrations that were not called",
    [
      text("receiver", (row) => row.receiver),
      text("signal", (row) => row.signal),
      text("sender", (row) => row.sender ?? "every sender"),
      text("why not", (row) => row.reason),
      text("where", (row) => (row.file ? `${row.file}:${row.line ?? "?"}` : "")),
    ],
    rows,
    0,
  );
}

function unheardTable(rows, show) {
  return sortedTable(
    "signals that were sent and that nobody heard",
    [
      signalColumn(show),
      text("senders", sendersWords),
      count("sent", (row) => row.times),
      text("why", (row) => row.reason),
    ],
    rows,
    2,
  );
}
