// Plays the recording moment by moment. Gives the tree view a value to watch, as gradio does in the app.

import { download } from '../../render/browser/download.js';
import { makeScene } from '../../render/browser/tree_fold.js';
import { fileName } from '../../render/browser/tree_save.js';
import { attach as attachTree } from '../../render/browser/tree_view.js';
import { showAnswers, showMade, showPath } from './panels.js';

const MOMENTS_A_SECOND = 6; // at speed 1, as in the app

/** Shows the recording embedded in the page. */
export function replay() {
  const recording = JSON.parse(document.getElementById('recording').textContent);
  const find = (selector) => document.querySelector(selector);
  const moments = recording.moments.map(([events, lines, words]) => ({ events, lines, words }));
  const last = moments.length - 1;
  const lineEnds = [0]; // offsets in the stream, by number of lines
  for (let end = 0; (end = recording.stream.indexOf('\n', end) + 1) > 0;) lineEnds.push(end);

  const mirror = makeScene(); // the same scene as in the tree, for the panels
  const shown = { value: '' };
  const watchers = [];
  let at = -1;
  let chosen = null;
  let playing = null; // {from, since, timer}

  // --- one moment ----------------------------------------------------------------------------------------------------

  function seek(to) {
    const next = Math.max(0, Math.min(to, last));
    if (next === at) return;
    at = next;
    shown.value = recording.stream.slice(0, lineEnds[moments[at].lines]);
    mirror.take(shown.value);
    for (const tell of watchers) tell();
    showMoment();
    if (chosen !== null) showChosen();
  }

  function showMoment() {
    const { events, words } = moments[at];
    const where = `event ${events} of ${recording.events}`;
    slider.value = at;
    slider.setAttribute('aria-valuetext', `${where}: ${words}`);
    find('.where').textContent = where;
    find('.line').textContent = words;
    find('.line').title = words;
    find('[data-go=first]').disabled = find('[data-go=back]').disabled = at === 0;
    find('[data-go=forward]').disabled = find('[data-go=last]').disabled = at === last;
  }

  // Also if the node appears only after this moment: the tree shows it then.
  function choose(id) {
    if (!mirror.byId.has(id)) { rest(); seek(last); }
    chosen = id;
    showChosen();
  }

  const showChosen = () => showPath(find('.path'), mirror, chosen, recording.why[chosen] ?? '');

  // --- playing -------------------------------------------------------------------------------------------------------

  function play() {
    if (at === last) seek(0);
    playing = { from: at, since: performance.now(), timer: setInterval(tick, 40) };
    showPlaying();
  }

  function tick() {
    const seconds = (performance.now() - playing.since) / 1000;
    seek(playing.from + Math.floor(seconds * MOMENTS_A_SECOND * Number(speed.value)));
    if (at === last) rest();
  }

  function rest() {
    if (!playing) return;
    clearInterval(playing.timer);
    playing = null;
    showPlaying();
  }

  function showPlaying() {
    find('.player').classList.toggle('playing', playing !== null);
    find('[data-go=play]').setAttribute('aria-label', playing ? 'Pause' : 'Play');
  }

  // --- pointer and keys ---------------------------------------------------------------------------------------------

  const slider = find('.controls input');
  const speed = find('.controls select');

  const GO = {
    first: () => { rest(); seek(0); },
    back: () => { rest(); seek(at - 1); },
    play: () => (playing ? rest() : play()),
    forward: () => { rest(); seek(at + 1); },
    last: () => { rest(); seek(last); },
  };
  const KEYS = { Home: 'first', ',': 'back', p: 'play', P: 'play', '.': 'forward', End: 'last' };

  find('.controls').addEventListener('click', (event) => GO[event.target.closest('[data-go]')?.dataset.go]?.());
  slider.addEventListener('input', () => { rest(); seek(Number(slider.value)); });
  speed.addEventListener('change', () => { if (playing) { rest(); play(); } });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('select') || !KEYS[event.key]) return;
    event.preventDefault();
    GO[KEYS[event.key]]();
  });

  // Runs before the tree's own handler, so that the tree has the node by then.
  find('aside').addEventListener('click', (event) => {
    const id = event.target.closest('[data-node]')?.dataset.node;
    if (id !== undefined) choose(id);
  });

  find('.save-trace').addEventListener('click', () => {
    download(new Blob([document.getElementById('trace').textContent], { type: 'application/x-ndjson' }), fileName(recording.run, 'jsonl'));
  });

  // --- the page ------------------------------------------------------------------------------------------------------

  document.title = `${recording.title} · a recorded search`;
  find('h1').textContent = recording.title;
  find('.question').textContent = recording.question;
  find('.question').hidden = recording.question.trim() === recording.title.trim();
  find('.about').textContent = recording.about;
  slider.max = last;
  find('[data-go=play]').disabled = last === 0;
  showAnswers(find('.answers'), recording);
  showMade(find('.made'), recording);
  showPath(find('.path'), mirror, null, '');
  seek(last);
  attachTree(find('.tree'), shown, (name, { id }) => choose(id), (name, tell) => watchers.push(tell));
}
