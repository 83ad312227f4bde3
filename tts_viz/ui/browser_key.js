// The key by which a browser finds its runs again; it leaves the browser only for this host.

export function browserKey() {
  const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
  const kept = localStorage.getItem('tts_viz') ?? fresh();
  localStorage.setItem('tts_viz', kept);
  return kept;
}
