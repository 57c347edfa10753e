/* Colours. Each app has one of six that are told apart with any kind of colour blindness
   (Okabe and Ito); its name stands beside it everywhere, so nothing is told by colour alone. */

const PALETTE = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442"];

/* Django's own receivers, and whatever has no name that tells an app. */
const PLAIN = "#8a8f98";

/** Give every app of the trace its colour, the most called first. */
function colourApps(trace) {
  const calls = new Map();
  for (const receiver of trace.receivers) {
    const app = appOf(receiver.name);
    calls.set(app, (calls.get(app) || 0) + receiver.calls);
  }
  trace.apps = [...calls].sort((a, b) => b[1] - a[1]).map(([app]) => app);
  trace.colours = new Map(
    trace.apps.filter((app) => app !== "django").map((app, place) => [app, PALETTE[place % PALETTE.length]]),
  );
  trace.callColours = trace.callKinds.map((kind) => colourOf(trace, kind.receiver));
}

const colourOf = (trace, name) => trace.colours.get(appOf(name)) || PLAIN;

/** Return black or white, whichever is read better on this colour. */
function inkOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 140 ? "#000000" : "#ffffff";
}

/** Return a small square in the colour of an app. */
function swatch(colour) {
  const square = make("span", { class: "swatch", "aria-hidden": "true" });
  square.style.backgroundColor = colour;
  return square;
}

const THEMES = ["system", "dark", "light"];

/** Go from the system's theme to dark to light and on. */
function nextTheme() {
  const root = document.documentElement;
  const theme = THEMES[(THEMES.indexOf(root.dataset.theme || "system") + 1) % THEMES.length];
  root.dataset.theme = theme;
  byId("theme").textContent = `theme: ${theme}`;
}

/** Return the colours of the page as the theme has them, for the canvas. */
function pageColours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return Object.fromEntries(
    ["page", "band", "ink", "quiet", "line", "bar", "faint", "bad", "warn", "chosen"].map((name) => [name, read(name)]),
  );
}

/** Show the apps and their colours; a click shows only what they received. */
function drawLegend(trace, filterBy) {
  const apps = trace.apps.slice(0, 30).map((app) => {
    const button = make("button", {
      type: "button",
      title: `only what receivers of ${app} received`,
      onclick: () => filterBy(`${app}.*`),
    });
    button.append(swatch(colourOf(trace, `${app}.`)), app);
    return make("li", {}, button);
  });
  const words = ["unheard: hollow", "✕ failed", "◆ no signal", "↩ rolled back", "↪ on_commit"];
  byId("legend").replaceChildren(...apps, ...words.map((word) => make("li", { class: "quiet" }, word)));
}
