// Save a file made in Python whenever the component's value changes. download.py defines the format of the value.

import { download } from '../../render/browser/download.js';

/** The value's file as a blob. */
export function blobOf({ type, text, base64 }) {
  return new Blob([text ?? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type });
}

export function saveEach(props, watch) {
  let last = '';
  watch('value', () => {
    if (!props.value || props.value === last) return;
    last = props.value;
    const made = JSON.parse(props.value);
    download(blobOf(made), made.name);
  });
}

export function attach(element, props, trigger, watch) {
  saveEach(props, watch);
}
