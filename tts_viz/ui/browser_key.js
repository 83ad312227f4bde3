// A random key stored in the browser, by which this host recognises its runs again. It is sent to no other host.

export function browserKey() {
  const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
  const kept = localStorage.getItem('tts_viz') ?? fresh();
  localStorage.setItem('tts_viz', kept);
  return kept;
}
