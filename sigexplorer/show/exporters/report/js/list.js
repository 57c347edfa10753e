/* The list: every shown record as a row. Only the rows in sight exist. */

const LINE = 26;
/* Browsers draw no element of any height: beyond this the bar moves several rows at once. */
const TALLEST = 8_000_000;
const TITLES = ["#", "at ms", "signal", "sender", "arguments", "receivers", "took", "SQL"];

const list = { trace: null, at: -1, pool: [], pending: false };

/** Prepare the list; `choose` is told which record is chosen, `open` which to explain. */
function prepareList(choose, open) {
  byId("list-head").append(
    make(
      "div",
      { role: "row", class: "line head", "aria-rowindex": 1 },
      ...TITLES.map((title, place) =>
        make("div", { role: "columnheader", class: `cell c${place}`, "aria-colindex": place + 1 }, title),
      ),
    ),
  );
  const scroller = byId("list");
  scroller.addEventListener("scroll", drawListSoon);
  scroller.addEventListener("click", (event) => {
    const line = event.target.closest(".line");
    byId("grid").focus({ preventScroll: true });
    if (line) open(pick(Number(line.dataset.place), choose));
  });
  byId("grid").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = listMove(event.key);
    if (move !== null) pick(move, choose);
    else if (event.key === "Enter" && list.at >= 0) open(list.trace.shown[list.at], true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Return the place that a key moves to, or null. */
function listMove(key) {
  const page = Math.max(1, Math.floor(byId("list").clientHeight / LINE) - 1);
  const last = list.trace ? list.trace.shown.length - 1 : -1;
  const moves = {
    ArrowDown: list.at + 1,
    ArrowUp: list.at - 1,
    PageDown: list.at + page,
    PageUp: list.at - page,
    Home: 0,
    End: last,
  };
  return key in moves && last >= 0 ? Math.min(last, Math.max(0, moves[key])) : null;
}

/** Choose the row at a place and return its record. */
function pick(place, choose) {
  list.at = place;
  bringIntoSight(place);
  const record = list.trace.shown[place];
  choose(record);
  return record;
}

/** Show what the filters let through; the chosen record stays chosen if it is among it. */
function showList(trace, chosen) {
  if (list.trace !== trace) fitColumns(trace);
  list.trace = trace;
  list.at = chosen >= 0 ? placeOf(trace, chosen) : -1;
  byId("grid").setAttribute("aria-rowcount", trace.shown.length + 1);
  byId("list-space").style.height = `${Math.min(TALLEST, trace.shown.length * LINE)}px`;
  if (list.at >= 0) bringIntoSight(list.at);
  drawList();
}

/** Make room for the largest number, and for the last time. */
function fitColumns(trace) {
  const largest = (column) => column.reduce((most, held) => Math.max(most, held), 0);
  const { style } = byId("grid");
  style.setProperty("--number", `${Math.max(4, String(largest(trace.id)).length)}ch`);
  style.setProperty("--at", `${Math.max(6, milliseconds(largest(trace.start)).length)}ch`);
}

/** Return the place of a record in the list, or -1. */
function placeOf(trace, record) {
  const { shown, start } = trace;
  let low = 0,
    high = shown.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start[shown[middle]] < start[record]) low = middle + 1;
    else high = middle;
  }
  while (low < shown.length && start[shown[low]] === start[record]) {
    if (shown[low] === record) return low;
    low += 1;
  }
  return -1;
}

/** How many pixels of a bar that cannot be tall enough stand for one of the list. */
function squeeze() {
  const scroller = byId("list"),
    whole = list.trace.shown.length * LINE;
  const room = Math.max(1, Math.min(TALLEST, whole) - scroller.clientHeight);
  return whole > TALLEST ? (whole - scroller.clientHeight) / room : 1;
}

function bringIntoSight(place) {
  const scroller = byId("list"),
    factor = squeeze();
  const top = scroller.scrollTop * factor;
  const [above, below] = [place * LINE, (place + 1) * LINE - scroller.clientHeight];
  if (above < top) scroller.scrollTop = above / factor;
  else if (below > top) scroller.scrollTop = Math.ceil(below / factor);
  drawList();
}

/** Draw the rows in sight with the next frame. */
function drawListSoon() {
  if (list.pending) return;
  list.pending = true;
  requestAnimationFrame(() => {
    list.pending = false;
    drawList();
  });
}

/** Draw the rows in sight. */
function drawList() {
  const { trace, pool } = list;
  if (!trace) return;
  const scroller = byId("list"),
    space = byId("list-space");
  // Read before anything is written: a layout for each row would be dear.
  const { scrollTop, clientHeight } = scroller;
  const top = scrollTop * squeeze();
  const first = Math.max(0, Math.floor(top / LINE) - 4);
  const count = Math.min(trace.shown.length - first, Math.ceil(clientHeight / LINE) + 9);
  while (pool.length < count) pool.push(space.appendChild(emptyLine()));
  pool.forEach((line, each) => {
    line.hidden = each >= count;
    if (each < count) fillLine(line, trace, first + each, (first + each) * LINE - top + scrollTop);
  });
  const chosen = list.at >= first && list.at < first + count;
  if (chosen) byId("grid").setAttribute("aria-activedescendant", `line-${list.at}`);
  else byId("grid").removeAttribute("aria-activedescendant");
}

function emptyLine() {
  return make(
    "div",
    { role: "row", class: "line" },
    ...TITLES.map((_, place) => make("div", { role: "gridcell", class: `cell c${place}`, "aria-colindex": place + 1 })),
  );
}

function fillLine(line, trace, place, top) {
  const i = trace.shown[place];
  line.style.transform = `translateY(${top}px)`;
  line.id = `line-${place}`;
  line.dataset.place = place;
  line.setAttribute("aria-rowindex", place + 2);
  line.setAttribute("aria-selected", String(place === list.at));
  line.className = [
    "line",
    place % 2 ? "odd" : "",
    place === list.at ? "chosen" : "",
    trace.failed[i] ? "failed" : "",
    isUnheard(trace, i) ? "unheard" : "",
  ].join(" ");
  const cells = line.children;
  const kind = kindOf(trace, i);
  cells[0].textContent = typeOf(trace, i) === CALLBACK ? "" : trace.id[i];
  cells[1].textContent = milliseconds(trace.start[i]);
  cells[2].replaceChildren(...signalWords(trace, i, kind));
  cells[2].style.paddingLeft = `${8 + Math.min(trace.depth[i], 12) * 14}px`;
  cells[3].textContent = senderWords(kind.sender);
  cells[4].textContent = argumentWords(trace, i);
  cells[5].replaceChildren(...receiverWords(trace, i));
  cells[6].textContent = tookWords(trace, i);
  cells[7].textContent = trace.queries[i] || "";
}

/** Return how long a record took; what never ran took no time. */
function tookWords(trace, i) {
  if (i < trace.dispatches) return trace.duration[i] ? duration(trace.duration[i]) : ""; /* unheard: not measured */
  const other = trace.others[i - trace.dispatches];
  return other.type === BYPASS || other.start === null ? "" : duration(other.duration);
}

function signalWords(trace, i, kind) {
  const marks = marksOf(trace, i).filter((mark) => mark !== "unheard");
  return [
    make("b", {}, kind.name),
    ...marks.map((mark) => make("span", { class: mark === "failed" ? "mark bad" : "mark" }, mark)),
  ];
}

/** Return what is special about a record, in words. */
function marksOf(trace, i) {
  const kind = kindOf(trace, i),
    marks = [];
  if (trace.failed[i]) marks.push("failed");
  if (kind.rolledBack) marks.push("rolled back");
  if (isUnheard(trace, i) && !trace.failed[i]) marks.push("unheard");
  if (trace.sentBy[i] >= 0) marks.push("from on_commit");
  if (typeOf(trace, i) === CALLBACK && trace.others[i - trace.dispatches].start === null)
    marks.push(trace.others[i - trace.dispatches].ending);
  return marks;
}

/* Arguments that nearly every dispatch carries with the same value. */
const USUAL = { raw: "False", using: "default", update_fields: "None", reverse: "False" };

/* What stands for a secret, and is longer than it needs to be in a list. */
const SECRET = "*".repeat(20);

function argumentWords(trace, i) {
  if (i >= trace.dispatches) {
    const other = trace.others[i - trace.dispatches];
    if (other.type === CALLBACK) return `using=${other.using}`;
    return other.rows === null ? "rows unknown" : plural(other.rows, "row");
  }
  const block = blockOf(trace, i);
  if (!block.texts) {
    fetchTexts(trace, block);
    return "…";
  }
  return argumentsOf(block.texts, block, i)
    .filter(([name, value]) => USUAL[name] !== value)
    .map(([name, value]) => `${name}=${value.slice(0, 120).replaceAll(SECRET, "***")}`)
    .join(" ");
}

/** Read the texts of a block and draw the rows that waited for them, once. */
async function fetchTexts(trace, block) {
  if (block.fetching) return;
  block.fetching = true;
  await textsOf(block);
  block.fetching = false;
  if (list.trace === trace) drawListSoon();
}

/** Return the receivers of a record: the project's by name, Django's own in short. */
function receiverWords(trace, i) {
  if (i >= trace.dispatches) {
    const told = trace.others[i - trace.dispatches].wouldCall || [];
    return told.length ? [`not told: ${told.map(shortName).join(", ")}`] : [];
  }
  const words = [];
  let stock = 0;
  for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1] && words.length < 5; j++) {
    const kind = callKindOf(trace, j);
    if (appOf(kind.receiver) === "django" && kind.outcome === "returned") stock += 1;
    else
      words.push(
        make(
          "span",
          { class: kind.outcome === "raised" ? "call bad" : "call" },
          swatch(trace.callColours[trace.callKind[j]]),
          callWords(trace, j, kind),
        ),
      );
  }
  if (stock) words.push(make("span", { class: "quiet" }, `${plural(stock, "receiver")} of Django's`));
  if (words.length < callCount(trace, i) && words.length >= 5) words.push("…");
  return words.length ? words : [make("span", { class: "quiet" }, "unheard")];
}

function callWords(trace, j, kind) {
  const took = kind.outcome === "skipped" || kind.outcome === "muted" || kind.outcome.endsWith("known") ? "" : ` ${duration(trace.callDuration[j])}`;
  return shortName(kind.receiver) + took + (kind.outcome === "returned" ? "" : ` ${kind.outcome}`);
}
