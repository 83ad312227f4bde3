// Buttons with a data-node, anywhere in the panel, name their node when they are clicked.

export function attach(element, props, trigger) {
  element.addEventListener('click', (event) => {
    const target = event.target.closest('[data-node]');
    if (target) trigger('click', {id: target.dataset.node});
  });
}
