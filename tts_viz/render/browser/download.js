// Saves a file that was made in the browser.

const KEPT_MS = 10_000; // long enough for the browser to start writing the file

export function download(blob, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
