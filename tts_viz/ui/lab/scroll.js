// Scroll to the figure that was just chosen.

export function scrollToFigure() {
  document.getElementById('lab-choice').scrollIntoView({ behavior: 'smooth' });
}
