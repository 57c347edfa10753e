/* What goes to paper: the summary and the first rows of the list, not a cut picture. */

const PRINTED = 200;

/** Draw the table that is printed; what was read of the arguments is in it. */
function drawPrinted(trace) {
  const count = Math.min(PRINTED, trace.shown.length);
  const rows = Array.from(trace.shown.subarray(0, count), (i) => printedRow(trace, i));
  const title =
    count < trace.shown.length
      ? `the first ${number(count)} of ${plural(trace.shown.length, "row")}`
      : plural(count, "row");
  byId("printed").replaceChildren(
    make("h2", {}, `dispatches: ${title}`),
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...TITLES.map((name) => make("th", {}, name)))),
      make("tbody", {}, ...rows),
    ),
  );
}

function printedRow(trace, i) {
  const kind = kindOf(trace, i);
  const marks = marksOf(trace, i);
  const signal = "· ".repeat(Math.min(trace.depth[i], 12)) + kind.name + (marks.length ? ` (${marks.join(", ")})` : "");
  const cells = [
    typeOf(trace, i) === CALLBACK ? "" : trace.id[i],
    milliseconds(trace.start[i]),
    signal,
    kind.sender ?? "None",
    argumentWords(trace, i),
    printedCalls(trace, i),
    tookWords(trace, i),
    trace.queries[i] || "",
  ];
  return make("tr", {}, ...cells.map((cell) => make("td", {}, String(cell))));
}

function printedCalls(trace, i) {
  if (i >= trace.dispatches) return receiverWords(trace, i).join("");
  const words = [];
  for (let j = trace.firstCall[i]; j < Math.min(trace.firstCall[i + 1], trace.firstCall[i] + 10); j++)
    words.push(callWords(trace, j, callKindOf(trace, j)));
  return words.join(", ") || "unheard";
}
