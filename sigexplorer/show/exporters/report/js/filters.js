/* Which records are shown. Names are matched once for each kind, not for each dispatch;
   texts are read block by block, and what they add appears as it is found. */

const NOISE = new Set(["pre_init", "post_init", "class_prepared"]);

/* The groups of -e, with a percent sign before them. */
const GROUPS = [
  "init", "save", "delete", "m2m", "model", "migrate", "request", "auth", "tasks", "settings", "db", "test",
  "autoreload", "custom",
];

const FIELDS = ["text", "signal", "sender", "receiver", "group", "min"];

/** Return what the form asks for. */
function readFilters(trace) {
  const asked = Object.fromEntries(FIELDS.map((field) => [field, byId(`f-${field}`).value]));
  const least = parseDuration(asked.min);
  byId("f-min").setAttribute("aria-invalid", String(Number.isNaN(least)));
  return {
    text: asked.text.trim().toLowerCase(),
    signal: signalMatcher(asked.signal, trace.kinds),
    sender: matcher(asked.sender),
    receiver: matcher(asked.receiver),
    group: asked.group,
    least: least || 0,
    failed: byId("f-failed").checked,
    noise: byId("f-noise").checked,
  };
}

/** Say what a field asks for in vain. */
function wrongFilters() {
  const wrong = (field) => byId(`f-${field}`).getAttribute("aria-invalid") === "true";
  const time = wrong("min") ? "no time: write it like 5ms; " : "";
  return wrong("signal") ? `${time}no such %group; ` : time;
}

/* Groups that cover more than the records that carry their name. */
const WIDER = { model: ["init", "save", "delete", "m2m", "model"], test: ["settings", "test"] };

/** Return a test for the kinds that -e would mean: names, globs and %groups, with commas; ! leaves out.

    A word that is the name of no signal means each of which it is a part. */
function signalMatcher(text, kinds) {
  const words = text.split(",").map((word) => word.trim().toLowerCase());
  const patterns = words.filter((word) => word.replace("!", ""));
  const groups = new Set([...GROUPS, ...kinds.map((kind) => kind.group)]);
  const bare = (word) => (word.startsWith("!") ? word.slice(1) : word);
  const unknown = patterns.some((word) => bare(word).startsWith("%") && !groups.has(bare(word).slice(1)));
  byId("f-signal").setAttribute("aria-invalid", String(unknown));
  if (!patterns.length) return null;
  const tests = (list) => list.map((word) => kindTest(bare(word), kinds));
  const wanted = tests(patterns.filter((word) => !word.startsWith("!")));
  const unwanted = tests(patterns.filter((word) => word.startsWith("!")));
  return (kind) => (!wanted.length || wanted.some((test) => test(kind))) && !unwanted.some((test) => test(kind));
}

function kindTest(word, kinds) {
  if (word.startsWith("%")) {
    const name = word.slice(1);
    const covered = Object.hasOwn(WIDER, name) ? WIDER[name] : [name];
    return (kind) => covered.includes(kind.group);
  }
  const names = (kind) => [kind.name.toLowerCase(), kind.signal.toLowerCase()];
  if (kinds.some((kind) => names(kind).includes(word))) return (kind) => names(kind).includes(word);
  const matches = matcher(word);
  return (kind) => matches(kind.name) || matches(kind.signal);
}

/** Fill `trace.matches` and `trace.shown`; return true where texts may hold more. */
function applyFilters(trace, asked) {
  const kinds = trace.kinds.map((kind) => kindMatches(kind, asked));
  const said = asked.text ? trace.kinds.map((kind) => saysText(kind, asked.text)) : null;
  const noisy = trace.kinds.map((kind) => !asked.noise && NOISE.has(kind.name));
  const calls = asked.receiver && trace.callKinds.map((kind) => asked.receiver(kind.receiver));
  const calledText =
    asked.text &&
    trace.callKinds.map((kind) =>
      `${kind.receiver} ${kind.uid || ""} ${kind.file || ""}`.toLowerCase().includes(asked.text),
    );
  const anyCall = (i, wanted) => {
    for (let j = trace.firstCall[i]; j < trace.firstCall[i + 1]; j++) if (wanted[trace.callKind[j]]) return true;
    return false;
  };
  trace.matches = new Uint8Array(trace.size);
  trace.open = new Uint8Array(trace.size); // all but the text matches: the texts decide
  trace.folded = 0;
  for (let i = 0; i < trace.size; i++) {
    const kind = trace.kind[i];
    if (!kinds[kind] || trace.duration[i] < asked.least || (asked.failed && !trace.failed[i])) continue;
    if (asked.receiver && !anyCall(i, calls) && !otherReceives(trace, i, asked.receiver)) continue;
    if ((noisy[kind] || isIdle(trace, i)) && !trace.failed[i] && !asked.noise) {
      trace.folded += 1;
      continue;
    }
    const found = !said || said[kind] || anyCall(i, calledText) || otherSays(trace, i, asked.text);
    trace.matches[i] = found ? 1 : 0;
    trace.open[i] = found ? 0 : 1;
  }
  listShown(trace);
  return Boolean(asked.text);
}

const kindMatches = (kind, asked) =>
  (!asked.signal || asked.signal(kind)) &&
  (!asked.sender || asked.sender(kind.sender ?? "None")) &&
  (!asked.group || kind.group === asked.group);

const saysText = (kind, text) =>
  `${kind.signal} ${kind.name} ${kind.sender ?? "None"} ${kind.thread} ${kind.group} ${kind.method}`
    .toLowerCase()
    .includes(text);

/** Whether a bypass touched no row. */
const isIdle = (trace, i) => i >= trace.dispatches && trace.others[i - trace.dispatches].rows === 0;

function otherReceives(trace, i, wanted) {
  if (i < trace.dispatches) return false;
  const other = trace.others[i - trace.dispatches];
  return other.type === BYPASS ? other.wouldCall.some(wanted) : wanted(other.function);
}

function otherSays(trace, i, text) {
  if (i < trace.dispatches) return false;
  const { wouldCall, error, file, using, origin } = trace.others[i - trace.dispatches];
  return [wouldCall, error, file, using, origin].join(" ").toLowerCase().includes(text);
}

/** List the records that match, in the order of time. */
function listShown(trace) {
  let count = 0;
  const shown = new Uint32Array(trace.size);
  for (let place = 0; place < trace.size; place++) {
    const i = trace.order[place];
    if (trace.matches[i]) shown[count++] = i;
  }
  trace.shown = shown.subarray(0, count);
}

/** Look for a text in what is read late; call `tell` when more was found; stop once `stale`. */
async function searchTexts(trace, text, stale, tell) {
  let told = performance.now(),
    found = 0;
  for (const block of trace.blocks) {
    const texts = await textsOf(block);
    if (stale()) return;
    found += searchBlock(trace, block, texts, text);
    if (found && performance.now() - told > 300) {
      [told, found] = [performance.now(), 0];
      listShown(trace);
      tell();
    }
    await pause();
  }
  if (found && !stale()) listShown(trace);
  if (!stale()) tell();
}

function searchBlock(trace, block, texts, text) {
  const says = (held) => held !== null && String(held).toLowerCase().includes(text);
  const holds = (table) => table.map(says);
  const values = holds(texts.values),
    origins = holds(texts.origins),
    errors = holds(texts.errors),
    results = holds(texts.results);
  const named = text.includes("=") || texts.shapes.some((names) => names.some(says));
  let found = 0;
  for (let k = 0; k < block.size; k++) {
    const i = block.first + k;
    if (!trace.open[i]) continue;
    let hit = origins[texts.origin[k]] || errors[texts.error[k]];
    for (let a = texts.arguments[k]; !hit && a < texts.arguments[k + 1]; a++) hit = values[texts.value[a]];
    // As the list shows them: name=value, one after the other.
    if (!hit && named) hit = says(argumentsOf(texts, block, i).map((pair) => pair.join("=")).join(" "));
    for (let j = trace.firstCall[i]; !hit && j < trace.firstCall[i + 1]; j++)
      hit = results[texts.result[j - block.firstCall]] || errors[texts.raised[j - block.firstCall]];
    if (hit) found += trace.matches[i] = 1;
  }
  return found;
}
