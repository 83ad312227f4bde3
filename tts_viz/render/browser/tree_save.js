// Exports the whole tree as a picture: drawn as on the page, large enough to read at any zoom, with a title and a legend.

import { TOP, makeCamera } from './tree_camera.js';
import { CIVIDIS, CONFIG, SIZES, SYMBOLS, cividis, plain, plotly } from './tree_draw.js';

const SHEET = { perStep: 200, perRow: 24, least: [760, 300], most: [3200, 5000], top: 44, bottom: 104 }; // px
const MOST_PIXELS = 16e6; // the limit of a phone's canvas

/** legend: [[key, words], …], as in the page's legend. Keys are statuses, truths and flags; see LEGEND. */
export function sheet({ nodes, places, scene, theme, legend }) {
  const across = nodes.map((node) => places.get(node)[1]);
  const deepest = nodes.reduce((most, node) => Math.max(most, node.depth), 3);
  const rows = across.reduce((most, y) => Math.max(most, y), 0) - across.reduce((least, y) => Math.min(least, y), 0);
  const within = (px, k) => Math.round(Math.min(Math.max(px, SHEET.least[k]), SHEET.most[k]));
  const [width, height] = [within((deepest + 1.25) * SHEET.perStep, 0), within((rows + 1.4) * SHEET.perRow + TOP, 1)];
  const range = makeCamera().fitted(nodes, places, { width, height });
  const { data, layout } = plotly({ nodes, places, scene, theme, range, width, height, selected: null });
  const question = scene.nodes[0].label;
  const room = Math.floor((width - 24) / 8);
  return {
    data: [...data.map((trace) => ({ ...trace, showlegend: false })), ...legend.map(([key, name]) => ({ name, ...legendEntry(key, theme) })), colourScale(theme, height)],
    layout: {
      ...layout, height: height + SHEET.top + SHEET.bottom, margin: { l: 0, r: 0, t: SHEET.top, b: SHEET.bottom, autoexpand: false }, paper_bgcolor: theme.paper,
      showlegend: true,
      legend: { orientation: 'h', x: 0, xanchor: 'left', y: -10 / height, yanchor: 'top', itemwidth: 30, font: { family: theme.sans, size: 12, color: theme.muted } },
      annotations: [...layout.annotations, {
        x: 0, xref: 'paper', xshift: 12, xanchor: 'left', y: 1, yref: 'paper', yanchor: 'bottom', yshift: 12, showarrow: false, align: 'left',
        font: { family: theme.sans, size: 15, color: theme.ink }, text: plain(question.length > room ? `${question.slice(0, room - 1)}…` : question),
      }],
    },
  };
}

const MIDDLE = cividis(0.6); // for nodes in the legend, which have no score
const EXTRAS = {
  chosen: (theme) => ({ mode: 'lines+markers', line: { color: theme.ink, width: 3.2 }, marker: { symbol: 'star', color: theme.ink, size: 12 } }),
  false: (theme) => ({ marker: { symbol: 'x-thin', size: 9, line: { color: theme.false, width: 2.2 } } }),
  lost: (theme) => ({ marker: { symbol: 'line-ew', size: 12, line: { color: theme.lost, width: 2.2 } } }),
  pinned: (theme) => ({ marker: { symbol: 'circle-open', size: 11, color: theme.accent, line: { width: 2.4 } } }),
  lostHere: (theme) => ({ marker: { symbol: 'circle-open', size: 12, color: theme.false, line: { width: 2.4 } } }),
};

/** A trace without points, so that the legend shows its mark. */
function legendEntry(key, theme) {
  const own = EXTRAS[key]?.(theme) ?? { marker: { symbol: SYMBOLS[key], size: 10 * SIZES[key], color: MIDDLE, line: { color: MIDDLE, width: key === 'stuck' ? 3 : 1.2 } } };
  return { type: 'scatter', mode: 'markers', x: [null], y: [null], showlegend: true, ...own };
}

function colourScale(theme, height) {
  const font = { family: theme.sans, size: 12, color: theme.muted };
  return {
    type: 'scatter', mode: 'markers', x: [null], y: [null], showlegend: false,
    marker: {
      color: [0], cmin: 0, cmax: 1, showscale: true, colorscale: CIVIDIS.map((rgb, k) => [k / (CIVIDIS.length - 1), `rgb(${rgb.join()})`]),
      colorbar: {
        orientation: 'h', x: 0, xanchor: 'left', xpad: 40, y: -(SHEET.bottom - 52) / height, yanchor: 'top', ypad: 0, lenmode: 'pixels', len: 240, thickness: 9,
        outlinewidth: 0, tickvals: [0, 1], ticktext: ['hopeless', 'sure'], ticklabelposition: 'outside', tickfont: font, title: { text: 'verifier score', side: 'top', font },
      },
    },
  };
}

/** Inline the halo of labels, since the page's style sheet is missing. */
const halo = (theme) => `<style>.textpoint text{paint-order:stroke;stroke:${theme.paper};stroke-width:3px;stroke-linejoin:round}</style>`;

/** The picture as a blob. format: 'svg' or 'png'. */
export async function pictured(format, view) {
  const { data, layout } = sheet(view);
  const { width, height } = layout;
  const url = await Plotly.toImage({ data, layout, config: CONFIG }, { format: 'svg', width, height });
  const svg = decodeURIComponent(url.slice(url.indexOf(',') + 1)).replace('>', `>${halo(view.theme)}`);
  const blob = new Blob([svg], { type: 'image/svg+xml' });
  return format === 'svg' ? blob : painted(svg, width, height);
}

async function painted(svg, width, height) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const scale = Math.min(2, Math.sqrt(MOST_PIXELS / (width * height)));
  const canvas = Object.assign(document.createElement('canvas'), { width: Math.round(width * scale), height: Math.round(height * scale) });
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => { canvas.toBlob(done, 'image/png'); });
}

/** "tts_viz-run-1.svg" */
export const fileName = (run, ending) => `tts_viz-${String(run).replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60)}.${ending}`;
