// A link to this page with another query, into the clipboard, or shown where there is none; the button says that it is done.

export function copyLink(button, query) {
  const link = new URL(location.href);
  link.search = query;
  navigator.clipboard?.writeText(link.href).then(() => { button.textContent = 'Copied'; }, () => prompt('Link', link.href));
}
