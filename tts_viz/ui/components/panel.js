// A click on any button with a data-node in the panel sends the id of its node.

export function attach(element, props, trigger) {
  element.addEventListener('click', (event) => {
    const target = event.target.closest('[data-node]');
    if (target) trigger('click', {id: target.dataset.node});
  });
}
