// A file for the visitor to keep, made in the browser.

const KEPT_MS = 10_000; // until the browser has surely begun to write it

export function download(blob, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
