// The live tree: takes each new text, animates to the new picture, and reports clicks to Python.

import { download } from './download.js';
import { makeCamera, mix, mixRange } from './tree_camera.js';
import { CONFIG, cividis, plotly } from './tree_draw.js';
import { collapsed, makeScene } from './tree_fold.js';
import { tidy } from './tree_layout.js';
import { listen, neighbour } from './tree_pointer.js';
import { fileName, pictured } from './tree_save.js';
import { fillCard, spoken } from './tree_words.js';

const COLLAPSE_BEYOND = 2000; // nodes: more than a browser draws smoothly
const CALM_MS = 240; // duration of an animation
const CALM_UP_TO = 300; // nodes: with more, no animation
const CALM_FRAME_MS = 50; // most time per picture for animation; slower ones would delay the next update
const FORMATS = ['svg', 'png'];

/**
 * element: contains tree_view.html; props.value: the text of a render/wire.py Stream; trigger('node_click', {run, id});
 * watch('value', act): calls `act` when the text changes. Provided by gradio, or by our offline page.
 */
export function attach(element, props, trigger, watch) {
  const part = (name) => element.querySelector(`.${name}`);
  const [canvas, plot, card, said] = ['canvas', 'plot', 'card', 'said'].map(part);
  const scene = makeScene();
  const camera = makeCamera();
  const still = matchMedia('(prefers-reduced-motion: reduce)');

  const view = { nodes: [], places: new Map(), selected: null, collapse: null, theme: null };
  let target = new Map(); // where nodes are moving to
  let journey = null; // {from: places, range, start} during an animation
  let drawn = new Map(); // the positions last painted
  let pictureMs = 0; // duration of the last drawing

  // --- what is shown -------------------------------------------------------------------------------------------------

  const isCollapsed = () => view.collapse ?? scene.nodes.length > COLLAPSE_BEYOND;

  /** Start an animation to new nodes or a new selection of what is shown. */
  function arrange() {
    view.nodes = collapsed(scene.nodes, isCollapsed());
    const number = new Map(view.nodes.map((node, k) => [node, k]));
    const order = tidy(view.nodes.map((node) => (node.parent ? number.get(node.parent) : -1)));
    const before = new Map([...drawn].map(([node, place]) => [node.id, place]));
    target = new Map(view.nodes.map((node, k) => [node, [node.depth, order[k]]]));
    const from = new Map();
    // A new node starts at its parent's position.
    for (const node of view.nodes) from.set(node, before.get(node.id) ?? from.get(node.parent) ?? target.get(node));
    const calm = view.nodes.length <= CALM_UP_TO && pictureMs <= CALM_FRAME_MS && before.size && !still.matches;
    journey = calm ? { from, range: camera.range, start: performance.now() } : null;
    showParts();
    if (scene.show) {
      const node = scene.byId.get(scene.show);
      scene.show = null;
      pick(node);
    }
  }

  /** The picture at this instant of the animation. */
  function advance() {
    const t = journey ? Math.min(1, (performance.now() - journey.start) / CALM_MS) : 1;
    const eased = 1 - (1 - t) ** 3;
    view.places = t < 1 ? new Map(view.nodes.map((node) => [node, mix(journey.from.get(node), target.get(node), eased)])) : target;
    if (!camera.own && view.nodes.length) {
      const fit = camera.fitted(view.nodes, target, size());
      camera.range = t < 1 ? mixRange(journey.range, fit, eased) : fit;
    }
    if (t >= 1) journey = null;
  }

  async function save(format) {
    const shown = [...element.querySelectorAll('.legend [data-needs]:not([hidden])')];
    const legend = shown.map((item) => [item.dataset.needs.split(' ')[0], item.textContent.trim()]);
    const name = fileName(scene.run, format);
    download(await pictured(format, { nodes: view.nodes, places: target, scene, theme: (view.theme ??= readTheme()), legend }), name);
    said.textContent = `Saved as ${name}.`;
  }

  const size = () => ({ width: Math.max(canvas.clientWidth, 50), height: Math.max(canvas.clientHeight, 50) });

  // --- drawing: one plotly call at a time, until nothing is new --------------------------------------------------------

  let stale = false;
  let grown = false; // whether a node has no position yet
  let drawing = false;
  const frame = () => new Promise(requestAnimationFrame);
  const rest = (ms) => new Promise((wake) => setTimeout(wake, ms));

  /** As often as this browser can: after each drawing, wait half as long as it took, so that other work can run and updates
   * that arrive meanwhile are drawn together. */
  async function draw(growing = false) {
    stale = true;
    grown ||= growing === true;
    if (drawing) return;
    drawing = true;
    while (stale && element.isConnected) {
      if (pointer.busy()) { await frame(); continue; }
      stale = false;
      const began = performance.now();
      const grew = grown;
      grown = false;
      if (grew) arrange();
      advance();
      const { data, layout } = plotly({ ...view, scene, range: camera.range, theme: (view.theme ??= readTheme()), ...size() });
      const count = scene.nodes.length;
      await Plotly.react(plot, data, layout, CONFIG);
      drawn = view.places;
      element.dataset.painted = count;
      element.ariaBusy = String(Boolean(journey)); // while nodes move
      if (journey) stale = true;
      pictureMs = performance.now() - began;
      if (grew) await rest(pictureMs / 2);
      else if (journey) await frame();
    }
    drawing = false;
  }

  function readTheme() {
    const style = getComputedStyle(element);
    const names = ['ink', 'muted', 'paper', 'edge', 'pruned', 'rim', 'unscored', 'accent', 'glow', 'false', 'lost', 'faded', 'sans', 'mono'];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--tree-${name}`).trim()]));
  }

  /** The legend lists what this tree contains; the empty state shows while there is no tree. */
  function showParts() {
    const has = new Set(scene.nodes.flatMap((node) => [node.status, node.truth, node.pinned && 'pinned', node.lostHere && 'lostHere']));
    if (scene.chosen) has.add('chosen');
    const none = !scene.nodes.length;
    element.classList.toggle('none', none);
    for (const item of element.querySelectorAll('.legend [data-needs]')) {
      item.hidden = !none && !item.dataset.needs.split(' ').some((name) => has.has(name));
    }
    const collapse = part('collapse');
    collapse.setAttribute('aria-pressed', String(isCollapsed()));
    collapse.disabled = !has.has('pruned');
    for (const format of FORMATS) part(`save-${format}`).disabled = none;
  }

  // --- pointer and keys ---------------------------------------------------------------------------------------------

  function pixel(node) {
    const { width, height } = size();
    const [[x0, x1], [y0, y1]] = [camera.range.x, camera.range.y];
    const [x, y] = view.places.get(node);
    return [((x - x0) / (x1 - x0)) * width, ((y - y0) / (y1 - y0)) * height];
  }

  function nodeAt(x, y, reach) {
    let [found, nearest] = [null, reach];
    for (const node of view.nodes) {
      if (!view.places.has(node)) continue;
      const [nx, ny] = pixel(node);
      const away = Math.hypot(nx - x, ny - y);
      if (away < nearest) [found, nearest] = [node, away];
    }
    return found;
  }

  function hover(node, x, y) {
    card.hidden = !node;
    if (!node) return;
    fillCard(card, node, scene, node.score === null ? view.theme.unscored : cividis(node.score));
    const { width, height } = size();
    const [right, below] = [x + 16 + card.offsetWidth > width, y + 16 + card.offsetHeight > height];
    card.style.left = `${Math.max(4, right ? x - 12 - card.offsetWidth : x + 16)}px`;
    card.style.top = `${Math.max(4, below ? height - card.offsetHeight - 4 : y + 16)}px`;
  }

  function select(node) {
    pick(node);
    draw();
  }

  function pick(node) {
    view.selected = node.id;
    said.textContent = spoken(node, scene);
    if (target.has(node)) camera.reveal(target.get(node));
  }

  function click(node, touch) {
    if (node.status === 'more') return toggleCollapse();
    select(node);
    if (touch) hover(node, ...touch);
    trigger('node_click', { run: scene.run, id: node.id });
  }

  function toggleCollapse() {
    if (part('collapse').disabled) return;
    view.collapse = !isCollapsed();
    draw(true);
  }

  function fit() {
    camera.own = false;
    draw();
  }

  function zoom(factor) {
    camera.zoom(factor);
    draw();
  }

  const pointer = listen(canvas, {
    nodeAt, hover, click, fit, zoom,
    collapse: toggleCollapse,
    pinch: (factor, fx, fy, dx, dy) => { camera.zoom(factor, fx, fy); camera.pan(dx, dy); drawHeld(); },
    enter: () => { const node = scene.byId.get(view.selected); if (node) click(node); },
    walk: (key) => {
      const at = view.nodes.find((node) => node.id === view.selected);
      const next = at ? neighbour(at, key, view.nodes, target) : view.nodes[0];
      if (next) select(next);
    },
  });

  /** During a touch gesture the tree follows without animation. */
  function drawHeld() {
    const { x, y } = camera.range;
    Plotly.relayout(plot, { 'xaxis.range': x, 'yaxis.range': [y[1], y[0]] });
  }

  part('fit').addEventListener('click', fit);
  part('closer').addEventListener('click', () => zoom(1.4));
  part('farther').addEventListener('click', () => zoom(1 / 1.4));
  part('collapse').addEventListener('click', toggleCollapse);
  for (const format of FORMATS) part(`save-${format}`).addEventListener('click', () => save(format));
  canvas.addEventListener('dblclick', fit);

  // Show a step that was selected elsewhere on the page.
  document.addEventListener('click', (event) => {
    const node = element.isConnected && scene.byId.get(event.target.closest('[data-node]')?.dataset.node);
    if (node) select(node);
  });

  // --- from Python, and from the page ------------------------------------------------------------------------------------

  function take() {
    const run = scene.run;
    if (!scene.take(props.value ?? '')) return;
    if (scene.run !== run) {
      Object.assign(camera, { own: false });
      Object.assign(view, { selected: null, collapse: null });
      drawn = new Map();
      said.textContent = '';
    }
    card.hidden = true;
    draw(true);
  }

  function onTheme() {
    view.theme = null;
    draw();
  }

  (async () => {
    while (!window.Plotly) await new Promise((wake) => setTimeout(wake, 30));
    await draw();
    const moved = ({ 'xaxis.range[0]': x0, 'xaxis.range[1]': x1, 'yaxis.range[0]': y1, 'yaxis.range[1]': y0 }) => {
      if (x0 === undefined && y0 === undefined) return;
      camera.own = true;
      camera.range = { x: x0 === undefined ? camera.range.x : [x0, x1], y: y0 === undefined ? camera.range.y : [y0, y1] };
    };
    plot.on('plotly_relayouting', moved);
    plot.on('plotly_relayout', (change) => { moved(change); draw(); });
    new ResizeObserver(draw).observe(canvas);
    for (const root of [document.documentElement, document.body]) new MutationObserver(onTheme).observe(root, { attributeFilter: ['class'] });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onTheme);
    watch('value', take);
    showParts();
    take();
  })();
}
