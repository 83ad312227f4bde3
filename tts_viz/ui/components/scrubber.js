// The scrubber: shows which moment of the run is on display, and requests another one. keys.js handles its shortcuts.

const PATIENCE = 3000; // ms

export function attach(element, props, trigger, watch) {
  const slider = element.querySelector('input');
  const speed = element.querySelector('select');
  const where = element.querySelector('.where');
  const button = (go) => element.querySelector(`[data-go="${go}"]`);
  let now = { at: 0, of: 0, playing: false, line: '' };
  let pending = null; // the last requested moment, until the server shows it or PATIENCE has passed
  let held = false; // true while the visitor drags the slider: then its position is not overwritten

  function show() {
    const none = now.of < 2;
    element.querySelector('.scrubber').classList.toggle('none', none);
    slider.max = Math.max(1, now.of);
    if (!held) slider.value = now.at;
    for (const control of element.querySelectorAll('button, input')) control.disabled = none;
    button('first').disabled = button('back').disabled = none || now.at <= 1;
    button('forward').disabled = button('last').disabled = none || (now.at >= now.of && !now.playing);
    button('play').textContent = now.playing ? '❚❚' : '▶';
    where.textContent = none ? '' : now.at >= now.of && !now.playing ? `all ${now.of} events` : `event ${now.at} of ${now.of}`;
    element.querySelector('.line').textContent = none || (now.at >= now.of && !now.playing) ? '' : now.line;
    slider.setAttribute('aria-valuetext', `event ${now.at} of ${now.of}: ${now.line}`);
  }

  /** Show the moment at once, before the server answers. */
  function seek(at) {
    now = { ...now, at: Math.max(1, Math.min(at, now.of)), playing: false };
    pending = { at: now.at, last: now.at >= now.of, until: Date.now() + PATIENCE };
    show();
    trigger('seek', { at: now.at });
  }

  element.addEventListener('click', (event) => {
    const go = event.target.closest('[data-go]')?.dataset.go;
    if (go === 'play') pending = null;
    if (go === 'play') trigger('play', { speed: now.playing ? 0 : Number(speed.value) });
    if (go && go !== 'play') seek({ first: 1, back: now.at - 1, forward: now.at + 1, last: now.of }[go]);
  });
  speed.addEventListener('change', () => { if (now.playing) trigger('play', { speed: Number(speed.value) }); });
  slider.addEventListener('input', () => { held = true; seek(Number(slider.value)); });
  slider.addEventListener('change', () => { held = false; });

  watch('value', () => {
    if (!props.value) return;
    now = JSON.parse(props.value);
    // The server may still show an earlier request, from which the visitor has moved on.
    if (pending && (now.at === pending.at || (pending.last && now.at >= now.of) || Date.now() > pending.until)) pending = null;
    if (pending) now = { ...now, at: pending.at, playing: false };
    show();
  });
  show();
}
