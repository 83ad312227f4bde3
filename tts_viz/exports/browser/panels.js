// The panels beside the tree: the path to a step, the final answers, and how the run was made. Text is inserted only as text.

import { cividis } from '../../render/browser/tree_draw.js';
import { AGGREGATION_WORDS, STATUS_WORDS, standing, truthWords } from '../../render/browser/tree_words.js';

/** make('p', 'note', 'text') or make('p', 'note', [children]); null children are omitted. */
function make(tag, className, inside, attributes = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (Array.isArray(inside)) made.append(...inside.filter(Boolean));
  else made.textContent = inside;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function chip(score, title) {
  const made = make('span', score === null ? 'chip none' : 'chip', score === null ? '–' : score.toFixed(2), { title });
  if (score !== null) Object.assign(made.style, { background: cividis(score), color: score > 0.55 ? '#111' : '#fff' });
  return made;
}

const TRUTH_MARKS = { valid: ['true', '✓'], false: ['false', '✗'], lost: ['lost', '–'], doomed: ['lost', '–'] };
const SCORE_TIP = 'How likely the verifier thinks it, after reading up to the end of this step, that the solution ends right.';

function stepLine(node, here) {
  const [className, mark] = TRUTH_MARKS[node.truth] ?? [];
  const button = make('button', '', [
    make('code', '', node.text.trim() || '(empty)'),
    mark && make('span', className, mark, { title: truthWords(node) }),
    chip(node.reward, SCORE_TIP),
  ], { type: 'button', 'data-node': node.id });
  const why = node.reason ? make('p', `reason ${className}`, truthWords(node)) : null;
  return make('li', `${here ? 'here ' : ''}${node.status === 'rollout' ? 'rollout' : ''}`, [button, why]);
}

/** The path to a node at this moment. id: the selected node or null; why: the reason for its final state. */
export function showPath(panel, scene, id, why) {
  const node = id === null ? null : scene.byId.get(id);
  if (!node) {
    const hint = id === null ? 'Click a step in the tree, or an answer, to see the way to it: each score, what is true, and why it lived or died.' : 'The chosen step is not there yet at this moment.';
    return panel.replaceChildren(make('h2', '', 'Step by step'), make('p', 'note', hint));
  }
  if (node.status === 'root') {
    const steps = node.kids.filter((kid) => kid.status !== 'attempt').length;
    return panel.replaceChildren(make('h2', '', 'The problem'), make('p', 'question', node.text), make('p', 'note', `${steps} first steps were tried so far.`));
  }
  const steps = [];
  for (let at = node; at && !['root', 'attempt'].includes(at.status); at = at.parent) steps.unshift(at);
  const score = node.score === null ? 'The verifier has not read it yet.' : `Score ${node.score.toFixed(2)}${AGGREGATION_WORDS[scene.aggregation] ?? ''}.`;
  panel.replaceChildren(...[
    make('h2', '', steps.length ? `Step ${steps.length} · ${standing(node, scene)}` : STATUS_WORDS[node.status]),
    make('ol', '', steps.map((step) => stepLine(step, step === node))),
    steps.length ? make('p', '', score) : null,
    node.truth === 'unknown' || node.reason ? null : make('p', TRUTH_MARKS[node.truth][0], truthWords(node)),
    make('p', 'fate', [make('b', '', 'In the end: '), make('span', '', `${why}.`)]),
  ].filter(Boolean));
}

const VERDICTS = new Map([[true, ['true', '✓ right']], [false, ['false', '✗ wrong']], [null, ['', 'unknown']]]);

/** The answers at the end of the recording, the chosen one first. */
export function showAnswers(panel, { answers, solutions, right }) {
  const tally = right === null ? `${solutions} solution${solutions === 1 ? '' : 's'}` : `${right} of ${solutions} solution${solutions === 1 ? '' : 's'} right`;
  const title = make('h2', '', [document.createTextNode('Answers in the end'), answers.length ? make('span', '', tally) : null]);
  if (!answers.length) return panel.replaceChildren(title, make('p', 'note', 'No solution was finished.'));
  const head = [['', ''], ['Answer', ''], ['Times', 'How many solutions give this answer.'], ['Score', 'Of its best solution.'],
    ['Vote', 'Its weight in the vote.'], ['Truth', 'From the task’s own grading; neither model sees it.']];
  const rows = answers.map(({ answer, node, times, score, weight, correct }, place) => make('tr', place ? '' : 'best', [
    make('td', '', place ? '' : '★'),
    make('td', 'answer', [make('button', '', [make('code', '', answer ?? 'none')], { type: 'button', 'data-node': node, title: 'Show the way to it' })]),
    make('td', '', String(times)),
    make('td', '', [chip(score, '')]),
    make('td', '', weight.toFixed(2)),
    make('td', ...VERDICTS.get(correct)),
  ]));
  const table = make('table', '', [
    make('thead', '', [make('tr', '', head.map(([name, tip]) => make('th', '', name, tip ? { title: tip } : {})))]),
    make('tbody', '', rows),
  ]);
  panel.replaceChildren(title, make('div', 'list', [table]));
}

export function showMade(panel, { made, changes }) {
  panel.querySelector('dl').append(...made.flatMap(([name, value]) => [make('dt', '', name), make('dd', '', value)]));
  panel.querySelector('.changes').append(...changes.map((change) => make('li', '', `changed on the way: ${change}`)));
}
