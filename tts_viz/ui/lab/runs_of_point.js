// Events of the buttons in the list of a point's runs.

export function attach(element, props, trigger) {
  element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-open], [data-problem]');
    if (button) window.scrollTo({ top: 0 }); // the Search tab starts at the top
    if (button?.dataset.open) trigger('open', { run: Number(button.dataset.open) });
    else if (button) trigger('problem', { run: Number(button.dataset.problem) });
  });
}
