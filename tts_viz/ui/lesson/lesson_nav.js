// Navigation of the lesson. Progress is stored in this browser; Python sends the current step and the steps just done.

import { copyLink } from '../components/copy_link.js';

const KEY = 'tts_viz_lesson';

export function attach(element, props, trigger, watch) {
  const buttons = [...element.querySelectorAll('[data-step]')];
  let at = 1;

  function kept() {
    try {
      const { at, done } = JSON.parse(localStorage.getItem(KEY)) ?? {};
      return { at: Number(at) || 1, done: Array.isArray(done) ? done.filter(Number.isInteger) : [] };
    } catch {
      return { at: 1, done: [] }; // the stored value is damaged, or storage is not allowed
    }
  }

  function keep(state) {
    try { localStorage.setItem(KEY, JSON.stringify(state)); } catch { /* storage is not allowed: progress is lost when the page closes */ }
  }

  function show() {
    const done = new Set(kept().done);
    for (const button of buttons) {
      const step = Number(button.dataset.step);
      button.classList.toggle('done', done.has(step));
      button.setAttribute('aria-label', `${button.title}${done.has(step) ? ' (done)' : ''}`);
      if (step === at) button.setAttribute('aria-current', 'step'); else button.removeAttribute('aria-current');
    }
    element.querySelector('.progress').textContent = `${buttons.filter((b) => done.has(Number(b.dataset.step))).length} of ${buttons.length} done`;
  }

  function take() {
    if (!props.value) return;
    const now = JSON.parse(props.value);
    at = now.at;
    keep({ at, done: [...new Set([...kept().done, ...now.done])] });
    show();
  }

  element.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.dataset.step) trigger('go', { step: Number(button.dataset.step) });
    if (button?.dataset.do === 'forget') { keep({ at, done: [] }); show(); }
    if (button?.dataset.do === 'link') copyLink(button, `?lesson=${at}`);
  });

  const wanted = Number(new URLSearchParams(location.search).get('lesson')) || kept().at;
  watch('value', take);
  show();
  if (wanted !== at) trigger('go', { step: wanted });
}
