// Actions on a run in the list: open, compare, rename, star, delete, copy a link.

import { copyLink } from './copy_link.js';

export function attach(element, props, trigger) {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    if (button.dataset.do === 'link') {
      copyLink(button, `?run=${button.dataset.run}`);
      return;
    }
    const wish = { open: 'open', left: 'compare', right: 'compare' }[button.dataset.do] ?? 'act';
    trigger(wish, { do: button.dataset.do, run: button.dataset.run });
  });
  element.addEventListener('change', (event) => {
    if (event.target.matches('.name')) trigger('act', { do: 'rename', run: event.target.dataset.run, name: event.target.value });
  });
}
