// A picture → plotly's data and layout. Pure: takes nodes with positions, the visible range, and colours.

import { onChosen } from './tree_words.js';

export const CIVIDIS = [[0, 32, 76], [0, 42, 102], [0, 52, 110], [39, 63, 108], [60, 74, 107], [76, 85, 107], [91, 95, 109], [104, 106, 112],
  [117, 117, 117], [131, 129, 120], [146, 140, 120], [161, 152, 118], [176, 165, 114], [192, 177, 109], [209, 191, 102],
  [225, 204, 92], [243, 219, 79], [255, 233, 69]];

export function cividis(score) {
  const at = Math.min(Math.max(score, 0), 1) * (CIVIDIS.length - 1);
  const low = Math.min(Math.floor(at), CIVIDIS.length - 2);
  return `rgb(${CIVIDIS[low].map((c, k) => Math.round(c + (CIVIDIS[low + 1][k] - c) * (at - low))).join()})`;
}

export const SYMBOLS = {
  root: 'circle', open: 'triangle-right', kept: 'circle', pruned: 'square', finished: 'diamond', stuck: 'line-ns-open', rollout: 'circle-open', more: 'circle-cross-open',
  attempt: 'hexagon2-open', stale: 'circle-open-dot',
};
export const SIZES = { root: 1.15, open: 1.05, kept: 1, pruned: 0.62, finished: 1.3, stuck: 1.15, rollout: 0.62, more: 0.9, attempt: 1.2, stale: 0.62 };
const LABEL_PX = 6.7; // the width of a character of a label
const LEAST_LABEL = 11; // characters; shorter labels are not useful
const LABEL_ROW = 15; // the height of a label including line spacing
const RANK = { root: 0, finished: 2, kept: 3, open: 4, more: 4, stuck: 5, rollout: 7, pruned: 6, attempt: 1, stale: 6 };

const MANY = 300; // nodes: with more, pruned nodes and the checker's marks are drawn as paths
const SHADES = 8; // of colour, for pruned nodes

const gone = (node) => node.status === 'pruned' || node.status === 'stale';

/** Escaped, since plotly interprets tags and TeX in text; text of visitors and models is plain. */
export const plain = (text) => text.replace(/[&<>$]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * picture: {nodes, places: Map(node → [x, y]), scene, selected, range: {x: [a, b], y: [a, b]}, width, height (px), theme}.
 * x is depth, y the position across it, downwards; both in node distances.
 */
export function plotly(picture) {
  const { range, width, height, scene } = picture;
  const perStep = width / (range.x[1] - range.x[0]);
  const perRow = height / (range.y[1] - range.y[0]);
  const size = Math.max(3.5, Math.min(13, perRow * 0.62, perStep * 0.3));
  const path = onChosen(scene);
  const view = { ...picture, perStep, perRow, size, path, many: picture.nodes.length > MANY };
  return { data: [...edges(view), ...rings(view), ...squares(view), dots(view), ...marks(view), labels(view)], layout: layout(view) };
}

function edges(view) {
  const { nodes, theme, path } = view;
  const kinds = { pruned: [], kept: [], rollout: [], chosen: [] };
  for (const node of nodes) {
    if (!node.parent) continue;
    const kind = path.has(node) ? 'chosen' : node.status === 'rollout' ? 'rollout' : gone(node) || node.status === 'more' ? 'pruned' : 'kept';
    kinds[kind].push(node);
  }
  const fineness = nodes.length <= 400 ? 14 : nodes.length <= 1200 ? 5 : 1;
  const line = (kind, style) => ({ ...curves(kinds[kind], view.places, kind === 'chosen' ? 24 : fineness), ...LINES, line: { simplify: false, ...style } });
  return [
    line('pruned', { color: theme.pruned, width: 1 }),
    line('rollout', { color: theme.edge, width: 1, dash: '3px,3px' }),
    line('kept', { color: theme.edge, width: 1.3 }),
    line('chosen', { color: theme.ink, width: 3.2 }),
  ];
}

const LINES = { type: 'scatter', mode: 'lines', hoverinfo: 'skip' };
const POINTS = { type: 'scatter', mode: 'markers', hoverinfo: 'skip', cliponaxis: true };

/** One S-curve from each node's parent to the node, in `pieces` straight pieces. */
function curves(nodes, places, pieces) {
  const [x, y] = [[], []];
  for (const node of nodes) {
    const [x0, y0] = places.get(node.parent);
    const [x1, y1] = places.get(node);
    for (let k = 0; k <= pieces; k++) {
      const t = k / pieces;
      x.push(x0 + (x1 - x0) * t);
      y.push(y0 + (y1 - y0) * t * t * (3 - 2 * t));
    }
    x.push(null);
    y.push(null);
  }
  return { x, y };
}

const xy = (nodes, places) => ({ x: nodes.map((n) => places.get(n)[0]), y: nodes.map((n) => places.get(n)[1]) });

function nodeSize(node, { size, scene }) {
  return size * (node === scene.chosen ? 1.75 : SIZES[node.status]);
}

/** A ring around the selected node. */
function rings(view) {
  const found = view.nodes.filter((node) => node.id === view.selected);
  const size = found.map((node) => nodeSize(node, view) + 9);
  return [{ ...POINTS, ...xy(found, view.places), marker: { symbol: 'circle', size, color: view.theme.glow, line: { color: view.theme.accent, width: 2.2 } } }];
}

const SQUARE = [[[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]];
const CROSS = [[[-1, -1], [1, 1]], [[-1, 1], [1, -1]]];
const BAR = [[[-1, 0], [1, 0]]];

/** A shape on each node, all in one path: plotly styles each marker separately, which is too slow for thousands. */
function stamped(nodes, shape, view, scale, style) {
  const [x, y] = [[], []];
  for (const node of nodes) {
    const [nx, ny] = view.places.get(node);
    const reach = (nodeSize(node, view) * scale) / 2;
    for (const line of shape) {
      for (const [dx, dy] of line) {
        x.push(nx + (dx * reach) / view.perStep);
        y.push(ny + (dy * reach) / view.perRow);
      }
      x.push(null);
      y.push(null);
    }
  }
  return { x, y, ...LINES, ...style };
}

/** The pruned nodes of a large tree, one path per shade. */
function squares(view) {
  if (!view.many) return [];
  const shades = Array.from({ length: SHADES + 2 }, () => []);
  for (const node of view.nodes) {
    if (node.status === 'pruned') shades[node.score === null ? SHADES + 1 : Math.round(node.score * SHADES)].push(node);
  }
  return shades.map((nodes, k) => {
    const fillcolor = k > SHADES ? view.theme.unscored : cividis(k / SHADES);
    return stamped(nodes, SQUARE, view, 1, { fill: 'toself', fillcolor, opacity: view.theme.faded, line: { width: 0, simplify: false } });
  });
}

function dots(view) {
  const { places, theme, path, scene } = view;
  const nodes = view.many ? view.nodes.filter((node) => node.status !== 'pruned') : view.nodes;
  const hollow = (node) => ['rollout', 'stuck', 'more', 'attempt', 'stale'].includes(node.status);
  const fill = (node) => (node.status === 'root' ? theme.ink : node.status === 'more' || node.status === 'attempt' ? theme.muted : node.score === null ? theme.unscored : cividis(node.score));
  return {
    ...POINTS,
    ...xy(nodes, places),
    customdata: nodes.map((node) => node.id),
    marker: {
      symbol: nodes.map((node) => (node === scene.chosen ? 'star' : SYMBOLS[node.status])),
      size: nodes.map((node) => nodeSize(node, view)),
      color: nodes.map(fill),
      opacity: nodes.map((node) => (gone(node) ? theme.faded : 1)),
      line: {
        color: nodes.map((node) => (hollow(node) ? fill(node) : path.has(node) ? theme.ink : theme.rim)),
        width: nodes.map((node) => (node.status === 'stuck' ? 3.2 : hollow(node) ? 1.6 : path.has(node) ? 1.8 : 0.8)),
      },
    },
  };
}

/** The exact checker's marks: a cross over a false step, a bar where the goal was lost. With a halo, so that they show on any colour. */
function marks(view) {
  const over = (truth, symbol, shape, color, scale) => {
    const found = view.nodes.filter((node) => node.truth === truth);
    if (view.many) return [stamped(found, shape, view, scale, { line: { color, width: 1.5, simplify: false } })];
    const size = found.map((node) => Math.max(5, nodeSize(node, view) * scale));
    const stroke = (ink, width) => ({ ...POINTS, ...xy(found, view.places), marker: { symbol, size, opacity: 1, line: { color: ink, width } } });
    return [stroke(view.theme.paper, view.size > 7 ? 4.2 : 2.6), stroke(color, view.size > 7 ? 2.2 : 1.5)];
  };
  return [...over('lost', 'line-ew', BAR, view.theme.lost, 1.25), ...over('false', 'x-thin', CROSS, view.theme.false, 0.66), ...flags(view)];
}

/** A ring for a pin, and a larger, coloured one where the right path was lost. */
function flags(view) {
  const ring = (has, color, dash, more) => {
    const found = view.nodes.filter(has);
    const size = found.map((node) => nodeSize(node, view) + more);
    return { ...POINTS, ...xy(found, view.places), marker: { symbol: dash, size, color, line: { color, width: 2.4 } } };
  };
  return [ring((n) => n.pinned, view.theme.accent, 'circle-open', 7), ring((n) => n.lostHere, view.theme.false, 'circle-open', 12)];
}

/** Step texts where there is room: in each column the most important nodes first, without overlap. */
function labels(view) {
  const { nodes, places, range, perStep, perRow, size, path, selected, theme } = view;
  const room = Math.floor((perStep - size - 18) / LABEL_PX);
  const parents = new Set(nodes.map((node) => node.parent));
  const seen = nodes.filter((node) => {
    const [x, y] = places.get(node);
    return node.label && x > range.x[0] - 1 && x < range.x[1] && y > range.y[0] && y < range.y[1];
  });
  const rank = (node) => (node.id === selected ? -2 : path.has(node) ? -1 : RANK[node.status]);
  const columns = new Map();
  const shown = [];
  for (const node of room < LEAST_LABEL ? [] : seen.sort((a, b) => rank(a) - rank(b))) {
    const [x, y] = places.get(node);
    // Beside a leaf; above the edges that leave a parent.
    const px = parents.has(node) ? [nodeSize(node, view) / 2, -nodeSize(node, view) / 2 - 5] : [nodeSize(node, view) / 2 + 5, 0];
    const at = { node, x: x + px[0] / perStep, y: y + px[1] / perRow };
    const column = columns.get(node.depth) ?? columns.set(node.depth, []).get(node.depth);
    if (column.some((other) => Math.abs(other - at.y) * perRow < LABEL_ROW)) continue;
    column.push(at.y);
    shown.push(at);
  }
  const cut = (text) => (text.length > room ? `${text.slice(0, room - 1).trimEnd()}…` : text);
  const faint = (node) => gone(node) || node.status === 'more' || node.status === 'rollout';
  return {
    type: 'scatter', mode: 'text', hoverinfo: 'skip', textposition: 'middle right',
    x: shown.map((s) => s.x), y: shown.map((s) => s.y), text: shown.map((s) => plain(cut(s.node.label))),
    textfont: { family: theme.mono, size: 11, color: shown.map((s) => (faint(s.node) ? theme.muted : theme.ink)) },
  };
}

function layout(view) {
  const { range, width, height, theme, scene, nodes, perStep } = view;
  const deepest = nodes.reduce((most, node) => Math.max(most, node.depth), 0);
  const every = Math.max(1, Math.ceil(44 / perStep));
  const ticks = Array.from({ length: deepest }, (_, k) => k + 1).filter((depth) => (depth - 1) % every === 0);
  const at = new Map();
  for (const { depth, label } of scene.marks) at.set(depth, [...(at.get(depth) ?? []), label]);
  const small = { family: theme.sans, size: 11, color: theme.muted };
  return {
    width, height, margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
    showlegend: false, hovermode: false, dragmode: 'pan', font: small, uirevision: scene.run,
    // The range is always set here and already includes zoom and pan by the visitor; a new revision makes plotly apply it.
    xaxis: { range: range.x, visible: false, uirevision: Math.random() },
    yaxis: { range: [range.y[1], range.y[0]], visible: false, uirevision: Math.random() },
    shapes: [...at.keys()].map((depth) => ({
      type: 'line', xref: 'x', yref: 'paper', x0: depth - 0.5, x1: depth - 0.5, y0: 0, y1: 1, layer: 'below', line: { color: theme.accent, width: 1, dash: '2px,4px' },
    })),
    annotations: [
      ...ticks.map((depth) => ({
        x: depth, xref: 'x', y: 1, yref: 'paper', yanchor: 'top', yshift: -6, showarrow: false, font: small, text: perStep > 60 ? `step ${depth}` : `${depth}`,
      })),
      ...[...at].map(([depth, labels]) => ({
        x: depth - 0.5, xref: 'x', y: 0, yref: 'paper', yanchor: 'bottom', xanchor: 'left', xshift: 4, yshift: 4, showarrow: false,
        font: { ...small, color: theme.accent }, text: plain(labels.join(' · ')),
      })),
    ],
  };
}

export const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false, scrollZoom: true, doubleClick: false, responsive: false };
