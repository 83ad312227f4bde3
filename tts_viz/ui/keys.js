// Keyboard shortcuts of the page: each clicks a button. Ignored while the visitor types and with modifier keys.

export function listen() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest('input, textarea, select, button, [role="listbox"], [contenteditable]')) return;
    const press = (...buttons) => buttons.map((b) => document.querySelector(b)).find((b) => b && !b.disabled && b.offsetParent)?.click();
    const keys = {
      r: ['#run'], s: ['#step'], x: ['#stop'], ' ': ['#pause', '#resume'], z: ['#undo'], y: ['#redo'],
      ',': ['[data-go=back]'], '.': ['[data-go=forward]'], home: ['[data-go=first]'], end: ['[data-go=last]'], p: ['[data-go=play]'],
    };
    const buttons = keys[event.key.toLowerCase()];
    if (!buttons) return;
    event.preventDefault();
    press(...buttons);
  });
}
