/* Tables that sort by the column whose title is pressed, and the summary made of them. */

/* Rows that are drawn at once. */
const DRAWN_ROWS = 300;

/** Return a table; a column is {title, of: row to text or element, by: row to number or text}. */
function sortedTable(caption, columns, rows, sortBy = 0) {
  const largestFirst = (place) => typeof columns[place].by(rows[0]) === "number";
  const state = { by: sortBy, down: largestFirst(sortBy), most: DRAWN_ROWS };
  const body = make("tbody"),
    more = make("p");
  const heads = columns.map((column, place) => {
    const button = make(
      "button",
      {
        type: "button",
        onclick: () => {
          state.down = state.by === place ? !state.down : largestFirst(place);
          state.by = place;
          fill();
        },
      },
      column.title,
    );
    return make("th", { scope: "col", class: column.right ? "right" : "" }, button);
  });
  function fill() {
    const { by } = columns[state.by];
    const sign = state.down ? -1 : 1;
    const sorted = [...rows].sort((a, b) => (by(a) < by(b) ? -sign : by(a) > by(b) ? sign : 0));
    heads.forEach((head, place) =>
      head.setAttribute("aria-sort", place !== state.by ? "none" : state.down ? "descending" : "ascending"),
    );
    body.replaceChildren(
      ...sorted
        .slice(0, state.most)
        .map((row) =>
          make(
            "tr",
            {},
            ...columns.map((column) => make("td", { class: column.right ? "right" : "" }, column.of(row))),
          ),
        ),
    );
    const left = rows.length - state.most;
    more.replaceChildren(
      ...(left > 0
        ? [
            linkTo(`${plural(left, "more row")}: show ${Math.min(left, DRAWN_ROWS)} of them`, () => {
              state.most += DRAWN_ROWS;
              fill();
            }),
          ]
        : []),
    );
  }
  fill();
  const table = make("table", {}, make("caption", {}, caption), make("thead", {}, make("tr", {}, ...heads)), body);
  return make("div", { class: "scroll" }, table, more);
}

const text = (title, by, of = by) => ({ title, by, of: (row) => of(row) });
const count = (title, by) => ({ title, by, of: (row) => (by(row) ? number(by(row)) : ""), right: true });
const time = (title, by) => ({ title, by, of: (row) => (by(row) ? duration(by(row)) : ""), right: true });

/** Draw the summary; `show.receiver`, `show.signal` and `show.record` lead to the timeline. */
function drawSummary(trace, show) {
  const slowest = (row) => (row.slowestIn < 0 ? "" : linkTo(duration(row.slowest), () => show.record(row.slowestIn)));
  const receivers = trace.receivers.map((row) => ({ ...row, mean: row.calls ? row.called / row.calls : 0 }));
  const signals = trace.signals
    .filter((row) => row.signal !== "" || row.dispatches)
    .map((row) => ({ ...row, mean: row.heard / Math.max(1, row.dispatches - row.unheard) }));
  byId("summary").replaceChildren(
    make("h2", {}, "receivers"),
    receivers.length
      ? sortedTable(
          "what each receiver did, the one that took most first",
          [
            text(
              "receiver",
              (row) => row.name,
              (row) => receiverCell(trace, row.name, show),
            ),
            count("calls", (row) => row.calls),
            time("total", (row) => row.total),
            time("own", (row) => row.own),
            time("mean", (row) => row.mean),
            { title: "slowest", by: (row) => row.slowest, of: slowest, right: true },
            count("SQL", (row) => row.queries),
            count("errors", (row) => row.errors),
            count("skipped", (row) => row.skipped),
            count("muted", (row) => row.muted),
          ],
          receivers,
          2,
        )
      : make("p", { class: "quiet" }, "no receiver was called"),
    make(
      "p",
      { class: "quiet" },
      "own: without the dispatches that were sent during the calls. SQL: all statements during them.",
    ),
    make("h2", {}, "signals"),
    signals.length
      ? sortedTable(
          "what each signal came to, the most frequent first",
          [
            text(
              "signal",
              (row) => row.name,
              (row) => linkTo(row.name, () => show.signal(row.signal)),
            ),
            count("dispatches", (row) => row.dispatches),
            count("unheard", (row) => row.unheard),
            count("failed", (row) => row.failed),
            time("total", (row) => row.total),
            time("mean", (row) => row.mean),
            { title: "slowest", by: (row) => row.slowest, of: slowest, right: true },
            count("SQL", (row) => row.queries),
          ],
          signals,
          1,
        )
      : make("p", { class: "quiet" }, "no signal was sent"),
    ...countedOnly(trace),
  );
}

function receiverCell(trace, name, show) {
  return make(
    "span",
    { class: "call" },
    swatch(colourOf(trace, name)),
    linkTo(name, () => show.receiver(name)),
  );
}

function countedOnly(trace) {
  const rows = trace.head.counted.map(([name, sender, times]) => ({ name, sender, times }));
  if (!rows.length) return [];
  return [
    make("h2", {}, "counted, not recorded"),
    sortedTable(
      "dispatches of which only the number is known",
      [text("signal", (row) => row.name), text("sender", (row) => row.sender), count("times", (row) => row.times)],
      rows,
      2,
    ),
  ];
}
