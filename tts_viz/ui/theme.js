// Switch between gradio's light and dark theme.

export function flipTheme() {
  document.body.classList.toggle('dark');
}
