// Explained terms: a tap or a click keeps the bubble open, Escape closes it.

export function attach(element) {
  element.addEventListener('click', (event) => {
    const term = event.target.closest('.term');
    for (const other of element.querySelectorAll('.term')) {
      other.setAttribute('aria-expanded', String(other === term && term.getAttribute('aria-expanded') !== 'true'));
    }
  });
  element.addEventListener('keydown', (event) => {
    const term = event.target.closest('.term');
    if (event.key !== 'Escape' || !term) return;
    term.setAttribute('aria-expanded', 'false');
    term.blur();
  });
  element.addEventListener('focusout', (event) => { event.target.closest('.term')?.setAttribute('aria-expanded', 'false'); });
}
