// Dark where the system is: before anything is painted, and whenever that changes.

export function followSystem() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const follow = () => document.documentElement.classList.toggle('dark', dark.matches);
  dark.addEventListener('change', follow);
  follow();
}
