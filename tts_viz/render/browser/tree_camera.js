// The visible part of the tree. It fits the whole tree as that grows, until the visitor zooms or pans; `fit` restores that.

export const TOP = 26; // px above the tree, for the names of the columns
const MOST_PER_STEP = 210; // px, so that small trees are not blown up
const MOST_PER_ROW = 40;

export function makeCamera() {
  const camera = { range: { x: [-0.5, 4], y: [-5, 5] }, own: false, fitted, zoom, pan, reveal };

  /** The range that shows all nodes. places: Map(node → [x, y]); px: {width, height}. */
  function fitted(nodes, places, { width, height }) {
    let [deepest, low, high] = [3, 0, 0];
    for (const node of nodes) {
      const [x, y] = places.get(node);
      deepest = Math.max(deepest, x);
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
    const left = Math.min(0.4, 18 / 60);
    const steps = Math.max(deepest + left + 0.95, width / MOST_PER_STEP);
    const rows = Math.max(high - low + 1.4, height / MOST_PER_ROW);
    const middle = (low + high) / 2;
    const above = (rows * TOP) / (height - TOP); // rows hidden behind the names of the columns
    return { x: [-left, steps - left], y: [middle - rows / 2 - above, middle + rows / 2] };
  }

  /** Zoom by `factor` (> 1 is closer) around the fixed point (fx, fy), given as fractions of the range. */
  function zoom(factor, fx = 0.5, fy = 0.5) {
    const scaled = ([a, b], f) => [a + (b - a) * f * (1 - 1 / factor), b - (b - a) * (1 - f) * (1 - 1 / factor)];
    camera.range = { x: scaled(camera.range.x, fx), y: scaled(camera.range.y, fy) };
    camera.own = true;
  }

  /** Move by fractions of the range. */
  function pan(dx, dy) {
    const moved = ([a, b], d) => [a + (b - a) * d, b + (b - a) * d];
    camera.range = { x: moved(camera.range.x, dx), y: moved(camera.range.y, dy) };
    camera.own = true;
  }

  /** Pan just enough to show the position, with a margin. */
  function reveal([x, y]) {
    const short = ([a, b], at, margin) => Math.max(0, (at - b) / (b - a) + margin) - Math.max(0, (a - at) / (b - a) + margin);
    const [dx, dy] = [short(camera.range.x, x, 0.08), short(camera.range.y, y, 0.08)];
    const inside = ([a, b], at) => at > a && at < b;
    if (!inside(camera.range.x, x) || !inside(camera.range.y, y)) pan(dx, dy);
  }

  return camera;
}

export const mix = (from, to, t) => from.map((a, k) => a + (to[k] - a) * t);
export const mixRange = (from, to, t) => ({ x: mix(from.x, to.x, t), y: mix(from.y, to.y, t) });
