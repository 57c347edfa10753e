/* Reading what was packed, in slices: the page must answer while it opens. */

const COLUMN_TYPES = { B: Uint8Array, H: Uint16Array, i: Int32Array, d: Float64Array };

/* Milliseconds of work between two breaths. */
const SLICE = 20;
let sliceBegan = 0;

/** Let the browser draw and answer. */
function breathe() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      sliceBegan = performance.now();
      resolve();
    };
    channel.port2.postMessage(0);
  });
}

/** Let the browser draw and answer if the slice has taken long enough. */
async function pause() {
  if (performance.now() - sliceBegan > SLICE) await breathe();
}

/** Call `visit` with every number from 0 to `count`, in slices. */
async function inSlices(count, visit) {
  const step = 2048;
  for (let from = 0; from < count; from += step) {
    const to = Math.min(count, from + step);
    for (let each = from; each < to; each++) visit(each);
    await pause();
  }
}

/** Return the tables and the columns of a packed part. */
async function unpack(letters) {
  const binary = atob(letters);
  const packed = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) packed[place] = binary.charCodeAt(place);
  await pause();
  const inflated = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
  await pause();
  const end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  const columns = {};
  let place = end + 1;
  for (const [name, code, length] of head.columns) {
    const Type = COLUMN_TYPES[code] || Uint8Array;
    const size = code in COLUMN_TYPES ? length * Type.BYTES_PER_ELEMENT : 0;
    columns[name] = size ? new Type(bytes.slice(place, place + size).buffer) : new Type(length);
    place += size;
  }
  return { tables: head.tables, columns };
}

/** Return the sums of the differences in a column. */
function running(differences) {
  const sums = new Float64Array(differences.length);
  let sum = 0;
  for (let each = 0; each < sums.length; each++) sums[each] = sum += differences[each];
  return sums;
}

/** Return the places where groups of so many begin, and where the last one ends. */
function places(counts) {
  const starts = new Uint32Array(counts.length + 1);
  for (let each = 0; each < counts.length; each++) starts[each + 1] = starts[each] + counts[each];
  return starts;
}

/** Return one column made of several, with room for `extra` more. */
function joined(columns, Type, extra = 0) {
  const all = new Type(columns.reduce((total, column) => total + column.length, extra));
  let place = 0;
  for (const column of columns) {
    all.set(column, place);
    place += column.length;
  }
  return all;
}
