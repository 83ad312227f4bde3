// A plotly plot: draws each new figure, sends clicks on points to Python, and saves the picture.

import { download } from '../../render/browser/download.js';

const CONFIG = { displaylogo: false, showSendToCloud: false, responsive: true, displayModeBar: false, scrollZoom: false };

export function attach(element, props, trigger, watch) {
  const plot = element.querySelector('.plot');
  let shown = '';

  const colour = (name) => getComputedStyle(element).getPropertyValue(name).trim();

  /** The layout in the page's text colour. The figure is transparent, so that the theme's background shows. */
  function themed(layout) {
    const ink = colour('--body-text-color');
    const narrow = plot.clientWidth < 560;
    return {
      ...layout,
      font: { ...layout.font, color: ink, ...(narrow ? { size: 11 } : {}) },
      title: undefined, // the page shows it above, as text
      margin: { ...layout.margin, t: 16, ...(narrow ? { l: 48, r: 8 } : {}) },
      height: narrow ? Math.max(layout.height ?? 0, 620) : layout.height,
      autosize: true,
    };
  }

  async function draw() {
    if (!props.value || !plot.isConnected) return;
    while (!window.Plotly) await new Promise((wake) => setTimeout(wake, 30));
    if (!plot.clientWidth) return; // its tab is not open: it is drawn when the tab opens
    shown = props.value;
    const { data, layout } = JSON.parse(shown);
    const first = !plot.on;
    await Plotly.react(plot, data, themed(layout), CONFIG);
    plot.dataset.points = String(data.reduce((n, trace) => n + (trace.customdata?.length ?? 0), 0));
    if (first) plot.on('plotly_click', ({ points }) => {
      const runs = points[0]?.customdata;
      if (Array.isArray(runs) && runs.length) trigger('point', { runs });
    });
  }

  watch('value', draw);
  new ResizeObserver(() => { if (props.value !== shown) draw(); }).observe(plot);
  new MutationObserver(() => { if (shown) draw(); }).observe(document.body, { attributes: true, attributeFilter: ['class'] });

  element.addEventListener('click', async (event) => {
    const format = event.target.closest('[data-save]')?.dataset.save;
    if (!format || !shown) return;
    const { data, layout } = JSON.parse(shown);
    const ground = colour('--background-fill-primary') || '#fff';
    const full = { ...themed(layout), title: layout.title, margin: layout.margin, paper_bgcolor: ground, plot_bgcolor: ground };
    const url = await Plotly.toImage({ data, layout: full }, { format, width: 1100, height: layout.height ?? 560 });
    download(await (await fetch(url)).blob(), `tts_viz-figure.${format}`);
  });
  draw();
}
