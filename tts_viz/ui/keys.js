// Keys for the whole page: R run, space pause or resume, S step, X stop. Not while typing, nor with modifier keys.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input, textarea, select, button, [role="listbox"], [contenteditable]')) return;
  const press = (...ids) => ids.map((id) => document.getElementById(id)).find((b) => b && !b.disabled && b.offsetParent)?.click();
  const keys = { r: ['run'], s: ['step'], x: ['stop'], ' ': ['pause', 'resume'] };
  const ids = keys[event.key.toLowerCase()];
  if (!ids) return;
  event.preventDefault();
  press(...ids);
});
