// Light or dark, as gradio knows it.

export function flipTheme() {
  document.body.classList.toggle('dark');
}
