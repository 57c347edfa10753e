/* What is known about one record. */

/* Children that are listed at once. */
const LISTED = 100;

/** Show the details of a record; `go` is told which other record to go to. */
async function showDetails(trace, i, go, focus) {
  const panel = byId("details");
  const texts = i < trace.dispatches ? await textsOf(blockOf(trace, i)) : null;
  if (view.trace !== trace) return;
  const close = make(
    "button",
    { type: "button", class: "close", "aria-label": "close the details", onclick: hideDetails },
    "close",
  );
  const title = make("h2", { id: "details-title", tabindex: -1 }, titleOf(trace, i));
  const parts = texts ? dispatchParts(trace, i, texts) : otherParts(trace, i);
  panel.replaceChildren(close, title, ...parts.filter((part) => part !== null), ...relatives(trace, i, go));
  panel.hidden = false;
  if (list.at >= 0) bringIntoSight(list.at); // the list may be less high now
  panel.scrollTop = 0;
  if (focus) title.focus();
}

function hideDetails() {
  const panel = byId("details");
  const inside = panel.contains(document.activeElement);
  panel.hidden = true;
  if (inside) byId("grid").focus();
}

/** Return a list of names and values; those without a value are left out. */
function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return make(
    "dl",
    { class: "facts" },
    ...known.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
  );
}

const placeWords = (place) => place && `${place[0]}:${place[1]}${place[2] ? ` in ${place[2]}` : ""}`;

function dispatchParts(trace, i, texts) {
  const kind = kindOf(trace, i),
    block = blockOf(trace, i),
    own = i - block.first;
  const step = trace.head.steps.find(([id]) => id === kind.step);
  const pairs = argumentsOf(texts, block, i);
  return [
    facts([
      ["signal", kind.signal],
      ["sender", kind.sender ?? "None"],
      ["sent by", `${kind.method}()`],
      ["at", `${milliseconds(trace.start[i])} ms`],
      ["took", trace.duration[i] ? duration(trace.duration[i]) : null],
      ["SQL statements", String(trace.queries[i])],
      ["step", step && step[1]],
      ["from", placeWords(texts.origins[texts.origin[own]])],
      ["thread", `${kind.thread}, process ${kind.process}`],
      [
        "transaction",
        kind.rolledBack ? "rolled back after it was sent" : kind.inTransaction ? "inside of one" : "none",
      ],
      ["marks", marksOf(trace, i).join(", ")],
    ]),
    errorWords(texts.errors[texts.error[own]]),
    make("h3", {}, "arguments"),
    pairs.length ? facts(pairs) : make("p", { class: "quiet" }, "none"),
    make("h3", {}, "receivers, in the order of their calls"),
    callList(trace, i, texts, block),
  ];
}

const errorWords = (error) => (error ? make("p", { class: "bad" }, `✕ ${error}`) : null);

function callList(trace, i, texts, block) {
  const first = trace.firstCall[i],
    last = trace.firstCall[i + 1];
  if (first === last) return make("p", { class: "quiet" }, "unheard: nobody listened");
  const rows = [];
  for (let j = first; j < Math.min(last, first + LISTED); j++) {
    const place = j - block.firstCall;
    rows.push(callItem(trace, j, texts.results[texts.result[place]], texts.errors[texts.raised[place]]));
  }
  if (last - first > LISTED) rows.push(make("li", { class: "quiet" }, `and ${number(last - first - LISTED)} more`));
  return make("ol", { class: "calls" }, ...rows);
}

function callItem(trace, j, result, error) {
  const kind = callKindOf(trace, j);
  const ran = kind.outcome === "returned" || kind.outcome === "raised";
  const unknown = kind.outcome === "unknown" ? "called or not: not known" : kind.outcome;
  const words = [
    ran ? duration(trace.callDuration[j]) : null,
    kind.outcome === "returned" ? (result === null ? "returned None" : `returned ${result}`) : unknown,
    kind.outcome === "skipped" ? "because an earlier receiver raised" : null,
    trace.callQueries[j] ? `${number(trace.callQueries[j])} SQL` : null,
    kind.isAsync ? "async" : null,
    kind.weak ? null : "strongly held",
    kind.uid === null ? null : `dispatch_uid ${kind.uid}`,
  ];
  return make(
    "li",
    { value: kind.order },
    swatch(trace.callColours[trace.callKind[j]]),
    make("b", {}, kind.receiver),
    make("div", {}, words.filter((word) => word !== null).join(", ")),
    kind.file === null ? null : make("div", { class: "quiet" }, `${kind.file}:${kind.line ?? "?"}`),
    errorWords(error),
  );
}

function otherParts(trace, i) {
  const other = trace.others[i - trace.dispatches];
  const step = trace.head.steps.find(([id]) => id === other.step);
  const common = [
    ["step", step && step[1]],
    ["from", placeWords(other.origin)],
  ];
  if (other.type === BYPASS) {
    return [
      make("p", {}, "A database operation that by design sends no signal for the rows it touches."),
      facts([
        ["operation", other.operation],
        ["model", other.model],
        ["rows", other.rows === null ? "unknown" : number(other.rows)],
        ["at", `${milliseconds(other.start)} ms`],
        ...common,
      ]),
      make("h3", {}, "receivers that were not told"),
      other.wouldCall.length
        ? make("ul", {}, ...other.wouldCall.map((name) => make("li", {}, name)))
        : make("p", { class: "quiet" }, "none"),
    ];
  }
  return [
    make("p", {}, ENDINGS[other.ending] || other.ending),
    facts([
      ["function", other.function],
      ["defined in", other.file && `${other.file}:${other.line ?? "?"}`],
      ["database", other.using],
      ["registered", `${milliseconds(other.registered)} ms`],
      ["ran", other.start === null ? "never" : `${milliseconds(other.start)} ms`],
      ["took", other.start === null ? null : duration(other.duration)],
      ...common,
    ]),
    errorWords(other.error),
  ];
}

const ENDINGS = {
  returned: "A function given to on_commit, which ran after the commit.",
  raised: "A function given to on_commit, which ran after the commit and raised.",
  discarded: "A function given to on_commit, which never ran: its transaction was rolled back.",
  waiting: "A function given to on_commit, which had not run when the run ended: its transaction was still open.",
};

/** Return links to what caused a record and to what it caused. */
function relatives(trace, i, go) {
  const parts = [];
  const { parent, sentBy } = trace;
  if (parent[i] >= 0) {
    const call = trace.parentCall[i];
    const by = call >= 0 ? `, by ${callKindOf(trace, trace.firstCall[parent[i]] + call).receiver}` : "";
    parts.push(make("h3", {}, "caused in"), make("p", {}, recordLink(trace, parent[i], go), by));
  }
  if (sentBy[i] >= 0)
    parts.push(make("h3", {}, "sent by an on_commit callback"), make("p", {}, recordLink(trace, sentBy[i], go)));
  const children = childrenOf(trace, i);
  if (children.length) {
    const items = children.slice(0, LISTED).map((child) => make("li", {}, recordLink(trace, child, go)));
    if (children.length > LISTED)
      items.push(make("li", { class: "quiet" }, `and ${number(children.length - LISTED)} more`));
    parts.push(make("h3", {}, `caused ${number(children.length)}`), make("ul", { class: "plain" }, ...items));
  }
  return parts;
}

function recordLink(trace, i, go) {
  return linkTo(`${titleOf(trace, i)} ${kindOf(trace, i).sender ?? "None"}`, () => go(i));
}
