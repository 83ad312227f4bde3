// Input on the tree: mouse, touch and keys, turned into calls of `does`. Plotly itself pans and zooms with the wheel.

/** does: {nodeAt(x, y) → node, hover(node, x, y), click(node), pinch(factor, fx, fy, dx, dy), walk(key), enter(), fit(), collapse(), zoom(factor)} */
export function listen(canvas, does) {
  let down = null; // where a press started, to distinguish a click from a drag
  let wheeled = 0;
  const inside = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top, box];
  };

  canvas.addEventListener('pointermove', (event) => {
    const [x, y] = inside(event);
    if (event.buttons) return does.hover(null);
    const node = does.nodeAt(x, y, 12);
    canvas.classList.toggle('over', Boolean(node));
    does.hover(node, x, y);
  });
  canvas.addEventListener('pointerleave', () => does.hover(null));
  canvas.addEventListener('wheel', () => { wheeled = performance.now(); does.hover(null); }, { passive: true, capture: true });

  // Plotly covers the page during a drag, so listen for the end of a press on the window.
  canvas.addEventListener('pointerdown', (event) => {
    if (event.isPrimary && event.button === 0) down = { x: event.clientX, y: event.clientY };
    canvas.focus({ preventScroll: true });
  }, true);
  window.addEventListener('pointerup', (event) => {
    const start = down;
    down = null;
    if (!start || Math.hypot(event.clientX - start.x, event.clientY - start.y) > 5) return;
    const [x, y] = inside(event);
    const node = does.nodeAt(x, y, event.pointerType === 'touch' ? 24 : 12);
    if (node) does.click(node, event.pointerType === 'touch' ? [x, y] : null);
  }, true);
  window.addEventListener('pointercancel', () => { down = null; }, true);

  // Two fingers: plotly supports only one.
  let grip = null;
  const fingers = ({ touches: [a, b] }) => ({
    x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2, apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY),
  });
  const two = (event, act) => {
    if (event.touches.length !== 2) return;
    event.preventDefault();
    event.stopPropagation();
    act(fingers(event));
  };
  canvas.addEventListener('touchstart', (event) => two(event, (now) => { grip = now; down = null; }), { capture: true, passive: false });
  canvas.addEventListener('touchmove', (event) => two(event, (now) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    if (grip) does.pinch(now.apart / grip.apart, (now.x - left) / width, (now.y - top) / height, (grip.x - now.x) / width, (grip.y - now.y) / height);
    grip = now;
  }), { capture: true, passive: false });
  canvas.addEventListener('touchend', () => { grip = null; }, true);

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { Enter: does.enter, f: does.fit, c: does.collapse, '+': () => does.zoom(1.4), '=': () => does.zoom(1.4), '-': () => does.zoom(1 / 1.4) };
    const act = event.key.startsWith('Arrow') ? () => does.walk(event.key) : keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });

  /** Whether the visitor is dragging or turning the wheel; drawing then would interrupt them. */
  return { busy: () => down !== null || grip !== null || performance.now() - wheeled < 120 };
}

/** The target of an arrow key: left the parent, right the first child, up and down the neighbours at this depth. */
export function neighbour(node, key, nodes, places) {
  if (key === 'ArrowLeft') return node.parent ?? node;
  const column = (keep) => nodes.filter(keep).sort((a, b) => places.get(a)[1] - places.get(b)[1]);
  if (key === 'ArrowRight') return column((n) => n.parent === node)[0] ?? node;
  const level = column((n) => n.depth === node.depth);
  return level[level.indexOf(node) + (key === 'ArrowDown' ? 1 : -1)] ?? node;
}
