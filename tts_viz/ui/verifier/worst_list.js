// Events of the buttons of a listed step.

export function attach(element, props, trigger) {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    const { run, at, index } = button.dataset;
    trigger(button.dataset.do, { run, node: at, index: Number(index) });
  });
}
