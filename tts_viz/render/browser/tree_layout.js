// Tidy trees: the same algorithm as render/layout.py, tested to give the same positions. It runs in the browser because growth
// moves many nodes a little and visitors collapse branches; sending positions for either would cost too much.

const SPACING = 4; // units between neighbours; more than 1, so that halves are whole numbers

/** parents[i] < i; the root's is -1. Returns each node's position across the axis of depth, in units of the distance between neighbours. */
export function tidy(parents) {
  const children = parents.map(() => []);
  parents.forEach((parent, node) => parent >= 0 && children[parent].push(node));
  const offsets = parents.map(() => 0);
  const contours = [];
  for (let node = parents.length - 1; node >= 0; node--) {
    const kids = children[node].map((kid) => contours[kid]);
    const places = arrange(kids);
    children[node].forEach((kid, k) => { offsets[kid] = places[k]; contours[kid] = null; });
    contours[node] = outline(kids, places);
  }
  parents.forEach((parent, node) => { if (parent >= 0) offsets[node] += offsets[parent]; });
  return offsets.map((place) => place / SPACING);
}

function arrange(kids) {
  if (kids.length < 2) return kids.map(() => 0);
  const levels = sharedLevels(kids);
  const leftmost = packed(kids, 'left', 'right', 1, levels);
  const rightmost = packed([...kids].reverse(), 'right', 'left', -1, levels).reverse();
  const width = leftmost.at(-1);
  const places = leftmost.map((low, k) => Math.floor((low + width - rightmost[k]) / 2));
  places[places.length - 1] += width % 2;
  const middle = places.at(-1) / 2;
  return places.map((place) => place - middle);
}

function packed(kids, near, far, sign, levels) {
  const reach = Array.from({ length: levels }, () => 0);
  return kids.map((kid, k) => {
    const depth = Math.min(levels, kid[near].length);
    let place = k ? -Infinity : 0;
    const at = (side, j) => sign * (kid[side][kid[side].length - 1 - j] + kid.shift);
    for (let j = 0; k && j < depth; j++) place = Math.max(place, reach[j] - at(near, j) + SPACING);
    for (let j = 0; j < depth; j++) reach[j] = place + at(far, j);
    // A level that no earlier subtree has does not constrain a later one.
    for (let j = depth; !k && j < levels; j++) reach[j] = -Infinity;
    return place;
  });
}

function outline(kids, places) {
  if (!kids.length) return { left: [0], right: [0], shift: 0 };
  const tallest = kids.reduce((best, kid, k) => (kid.left.length > kids[best].left.length ? k : best), 0);
  const merged = kids[tallest];
  const shift = merged.shift + places[tallest];
  const levels = sharedLevels(kids);
  const extremes = (side, order) => {
    const found = [];
    for (const k of order) {
      const line = kids[k][side];
      for (let j = Math.min(levels, line.length) - 1; j >= 0; j--) found[j] = line[line.length - 1 - j] + kids[k].shift + places[k];
    }
    return found;
  };
  const order = kids.map((_, k) => k);
  const right = extremes('right', order);
  const left = extremes('left', order.reverse());
  for (let j = 0; j < levels; j++) {
    merged.left[merged.left.length - 1 - j] = left[j] - shift;
    merged.right[merged.right.length - 1 - j] = right[j] - shift;
  }
  merged.left.push(-shift);
  merged.right.push(-shift);
  merged.shift = shift;
  return merged;
}

function sharedLevels(kids) {
  let [most, second] = [0, 0];
  for (const { left: { length } } of kids) {
    if (length > most) [most, second] = [length, most];
    else if (length > second) second = length;
  }
  return second;
}
