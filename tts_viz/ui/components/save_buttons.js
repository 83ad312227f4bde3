// Buttons that ask Python for the run as a file, and save the file when it arrives.

import { saveEach } from './download.js';

export function attach(element, props, trigger, watch) {
  element.addEventListener('click', (event) => {
    const kind = event.target.closest('[data-save]')?.dataset.save;
    if (kind) trigger('save', { kind });
  });
  saveEach(props, watch);
}
