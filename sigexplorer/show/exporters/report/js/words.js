"use strict";

/* Words and elements. Whatever was recorded becomes a text node and nothing else: no
   function of this page makes markup from text, and the policy in its head forbids it. */

const byId = (id) => document.getElementById(id);

/** Return a new element; children are elements or texts. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return a button that looks like a link. */
function linkTo(text, act) {
  return make("button", { type: "button", class: "link", onclick: act }, text);
}

const UNITS = [
  ["s", 1e9],
  ["ms", 1e6],
  ["us", 1e3],
  ["ns", 1],
];

/** Return a duration with three significant digits and its unit. */
function duration(nanoseconds) {
  for (const [unit, size] of UNITS) {
    if (nanoseconds >= size * 0.9995) {
      const amount = nanoseconds / size;
      if (unit === "ns") return `${Math.round(amount)}ns`;
      return (amount < 999.5 ? amount.toPrecision(3) : number(Math.round(amount))) + unit;
    }
  }
  return "0ns";
}

/** Return the nanoseconds of "5ms", "1.5s" or "200us"; a bare number is milliseconds; NaN if it is none. */
function parseDuration(text) {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s)?\s*$/.exec(text);
  if (!found) return text.trim() ? NaN : 0;
  const size = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 }[found[2] || "ms"];
  return Number(found[1]) * size;
}

const milliseconds = (nanoseconds) => (nanoseconds / 1e6).toFixed(2);

/** Return a whole number with commas between its thousands. */
const number = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

const plural = (count, noun, many) => `${number(count)} ${count === 1 ? noun : many || noun + "s"}`;

/** Return the last two parts of a dotted name, which tell it from others. */
function shortName(name) {
  const cut = name.lastIndexOf(".", name.lastIndexOf(".") - 1);
  return cut > 0 ? name.slice(cut + 1) : name;
}

/** Return the last part of a dotted name. */
const lastName = (name) => name.slice(name.lastIndexOf(".") + 1) || name;

/** Return a sender as it is recognised: a class elsewhere by its name, a model with its app. */
function senderWords(sender) {
  if (sender === null) return "None";
  return /\..*\.[A-Z]\w*$/.test(sender) ? lastName(sender) : sender;
}

/** Return the app of a receiver or a sender: the first part of its name. */
const appOf = (name) => name.split(".", 1)[0] || name;

/** Return a test for a text: a glob where the pattern has a star, a question mark or a bracket. */
function matcher(pattern) {
  const wanted = pattern.trim().toLowerCase();
  if (!wanted) return null;
  if (!/[*?[]/.test(wanted)) return (text) => text.toLowerCase().includes(wanted);
  const expression = wanted.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === "*") return "[^]*";
    if (part === "?") return "[^]";
    if (part.length > 1)
      return (
        "[" + (part[1] === "!" ? "^" : "") + part.slice(part[1] === "!" ? 2 : 1, -1).replace(/[\\\]^]/g, "\\$&") + "]"
      );
    return part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  });
  try {
    const glob = new RegExp(`^${expression}$`);
    return (text) => glob.test(text.toLowerCase());
  } catch {
    return () => false; // a range that runs backwards matches nothing
  }
}
