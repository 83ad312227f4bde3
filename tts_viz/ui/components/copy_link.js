// Copy a link to this page with another query, and show 'Copied' on the button; show the link if copying fails.

export function copyLink(button, query) {
  const link = new URL(location.href);
  link.search = query;
  navigator.clipboard?.writeText(link.href).then(() => { button.textContent = 'Copied'; }, () => prompt('Link', link.href));
}
