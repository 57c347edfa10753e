/* The page itself: reads a trace, and lets the parts know of one another. */

const app = { trace: null, wanted: 0, search: 0 };

const TABS = ["timeline", "summary", "coverage", "story"];

function start() {
  listenToCanvas((i) => {
    choose(i);
    explain(i);
  });
  prepareList(choose, explain);
  listenToForm();
  listenToTabs();
  document.addEventListener("keydown", pressed);
  byId("zoom-in").onclick = CANVAS_KEYS["+"];
  byId("zoom-out").onclick = CANVAS_KEYS["-"];
  byId("zoom-fit").onclick = CANVAS_KEYS.Home;
  byId("help-button").onclick = () => byId("help").showModal();
  byId("theme").onclick = () => {
    nextTheme();
    repaint();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new ResizeObserver(resizeCanvas).observe(byId("stage"));
  new ResizeObserver(drawListSoon).observe(byId("list"));
  addEventListener("beforeprint", printAll);
  chooseTraces().catch(giveUp);
}

/** Draw what paper shows: the views that nobody looked at yet as well. */
function printAll() {
  if (!app.trace) return;
  drawTab("summary");
  drawTab("story");
  drawPrinted(app.trace);
}

function repaint() {
  view.colours = null;
  redraw();
}

/** Offer every trace of the page, and open the first. */
async function chooseTraces() {
  const { tables } = await unpack(document.querySelector('script[data-part="index"]').textContent);
  byId("traces").replaceChildren(
    ...tables.map(([title, held], place) => make("option", { value: place }, held ? title : `FAILED: ${title}`)),
  );
  byId("chooser").hidden = tables.length < 2;
  byId("traces").onchange = () => openTrace(Number(byId("traces").value)).catch(giveUp);
  if (tables.length) await openTrace(0);
  else byId("subtitle").textContent = "no trace is in this page";
  document.documentElement.dataset.ready = "true";
}

/** Say that the page cannot be read; why is in the console. */
function giveUp(error) {
  byId("subtitle").textContent =
    "DecompressionStream" in window
      ? "this page is damaged: it cannot be read"
      : "this browser is too old for this page: use one of 2023 or later";
  throw error;
}

async function openTrace(chosen) {
  const wanted = (app.wanted += 1);
  delete document.documentElement.dataset.ready;
  const tell = (read, all) => {
    if (wanted === app.wanted)
      byId("subtitle").textContent = `reading the trace: ${number(read)} of ${plural(all, "dispatch", "dispatches")}`;
  };
  const trace = await readTrace(chosen, tell);
  await figure(trace);
  colourApps(trace);
  await placeAll(trace);
  if (wanted !== app.wanted) return; // another one was chosen meanwhile
  app.trace = trace;
  hideDetails();
  drawHead(trace);
  offerNames(trace);
  drawLegend(trace, (glob) => setFilter("receiver", glob));
  showTimeline(trace);
  byId("list").scrollTop = 0;
  refilter();
  drawTab(currentTab());
  if (trace.blocks.length) await textsOf(trace.blocks[0]);
  document.documentElement.dataset.ready = "true";
}

function drawHead(trace) {
  const { run, claims } = trace.head;
  const failed = claims.filter(([, held]) => !held).length;
  const said = [
    plural(trace.dispatches, "dispatch", "dispatches"),
    plural(trace.totals.calls, "receiver call"),
    plural(run.queries, "SQL statement"),
    trace.bypasses ? plural(trace.bypasses, "bypass", "bypasses") : null,
    trace.callbacks ? plural(trace.callbacks, "on_commit callback") : null,
    trace.totals.errors ? plural(trace.totals.errors, "error") : null,
    `Django ${run.versions[1]}`,
    run.listened ? "listening" : "watching only",
    failed ? `${number(failed)} of ${plural(claims.length, "claim")} FAILED` : null,
  ];
  document.title = `${run.title} - sigexplorer`;
  byId("title").textContent = run.title;
  byId("subtitle").textContent = said.filter(Boolean).join(", ");
  const notes = [...run.notes];
  if (!run.complete) notes.push("the run was cut short: what came after is not here");
  if (run.dropped) notes.push(`${plural(run.dropped, "record")} lost by a fault of sigexplorer`);
  byId("notes").hidden = !notes.length;
  byId("notes").replaceChildren(...notes.map((note) => make("li", {}, note)));
  byId("canvas").setAttribute(
    "aria-label",
    `timeline of ${plural(trace.size, "record")} in ${plural(trace.lanes.length, "lane")}`,
  );
}

/* Names that a field proposes. */
const PROPOSED = 500;

function offerNames(trace) {
  const offer = (id, names) =>
    byId(id).replaceChildren(
      ...[...new Set(names)]
        .sort()
        .slice(0, PROPOSED)
        .map((name) => make("option", { value: name })),
    );
  offer(
    "signal-names",
    trace.kinds.map((kind) => kind.name),
  );
  offer(
    "sender-names",
    trace.kinds.map((kind) => kind.sender ?? "None"),
  );
  offer(
    "receiver-names",
    trace.receivers.map((receiver) => receiver.name),
  );
  const groups = [...new Set(trace.kinds.map((kind) => kind.group))].sort().slice(0, PROPOSED);
  const chosen = byId("f-group").value;
  byId("f-group").replaceChildren(
    make("option", { value: "" }, "all"),
    ...groups.map((group) => make("option", { value: group }, group)),
  );
  if (groups.includes(chosen)) byId("f-group").value = chosen;
}

function listenToForm() {
  const form = byId("filters");
  let later = 0;
  const soon = () => {
    clearTimeout(later);
    later = setTimeout(refilter, 120);
  };
  form.addEventListener("input", soon);
  form.addEventListener("reset", soon);
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** Show what the form asks for; what is found in texts comes as it is found. */
function refilter() {
  const { trace } = app;
  if (!trace) return;
  const asked = readFilters(trace);
  const search = (app.search += 1);
  const show = () => {
    showList(trace, view.chosen);
    const folded = trace.folded ? `, ${number(trace.folded)} folded` : "";
    byId("f-count").textContent = `${wrongFilters()}${number(trace.shown.length)} of ${number(trace.size)}${folded}`;
    redraw();
  };
  const more = applyFilters(trace, asked);
  show();
  if (more) searchTexts(trace, asked.text, () => search !== app.search || trace !== app.trace, show);
}

/** Fill one field of the form and show what it asks for. */
function setFilter(field, value) {
  byId(`f-${field}`).value = value;
  openTab("timeline");
  refilter();
}

function choose(i) {
  view.chosen = i;
  list.at = placeOf(app.trace, i);
  revealInCanvas(i);
  if (list.at >= 0) bringIntoSight(list.at);
  drawList();
  if (!byId("details").hidden) explain(i);
}

function explain(i, focus = false) {
  const go = (other) => {
    openTab("timeline");
    choose(other);
    explain(other, true);
  };
  showDetails(app.trace, i, go, focus);
}

const show = {
  receiver: (name) => setFilter("receiver", name),
  signal: (name) => setFilter("signal", name),
  record: (i) => {
    openTab("timeline");
    choose(i);
    explain(i, true);
  },
};

const currentTab = () => TABS.find((name) => !byId(name).hidden);

function openTab(name) {
  for (const each of TABS) {
    byId(each).hidden = each !== name;
    byId(`tab-${each}`).setAttribute("aria-selected", String(each === name));
    byId(`tab-${each}`).tabIndex = each === name ? 0 : -1;
  }
  drawTab(name);
}

/** Draw a view when it is first looked at. */
function drawTab(name) {
  const { trace } = app;
  if (!trace || byId(name).dataset.of === String(app.wanted)) return;
  byId(name).dataset.of = String(app.wanted);
  if (name === "summary") drawSummary(trace, show);
  else if (name === "coverage") drawCoverage(trace, show);
  else if (name === "story") drawStory(trace);
}

function listenToTabs() {
  for (const name of TABS) byId(`tab-${name}`).onclick = () => openTab(name);
  byId("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.indexOf(currentTab()) + step + TABS.length) % TABS.length];
    openTab(next);
    byId(`tab-${next}`).focus();
    event.stopPropagation();
  });
}

/** Answer the keys of the whole page. */
function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  const field = event.target.closest("input, select, textarea");
  if (event.key === "Escape") return leave(field);
  if (field || !app.trace) return;
  if (event.key === "/") (openTab("timeline"), byId("f-text").focus(), byId("f-text").select());
  else if (event.key === "?") byId("help").showModal();
  else if (currentTab() !== "timeline" || event.target.closest("#details, #tabs")) return;
  else if (event.key === "n" || event.key === "p") stepList(event.key === "n" ? "ArrowDown" : "ArrowUp");
  else if (event.key === "Enter" && [byId("canvas"), document.body].includes(event.target) && view.chosen >= 0)
    explain(view.chosen, true);
  else if (event.key in CANVAS_KEYS) CANVAS_KEYS[event.key]();
  else return;
  event.preventDefault();
}

function stepList(key) {
  const place = listMove(key);
  if (place !== null) pick(place, choose);
}

/** Close the details, or leave a field. */
function leave(field) {
  if (field) byId("grid").focus();
  else hideDetails();
}

start();
