// Text fields of the steps: Enter ends an edit and moves on; every edit sends all steps.

export function attach(element, props, trigger, watch) {
  let typing = null;
  const fields = () => [...element.querySelectorAll('.step-text')];
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && event.target.matches('.step-text')) {
      event.preventDefault();
      typing = fields().indexOf(event.target);
      event.target.blur();
    }
  });
  element.addEventListener('change', (event) => {
    if (event.target.matches('.step-text'))
      trigger('edit', { steps: fields().map((field) => field.value).filter((text) => text.trim()) });
  });
  watch('value', () => setTimeout(() => { fields()[typing]?.focus(); typing = null; }, 50));
}
