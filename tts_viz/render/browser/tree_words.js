// A node in words, for the card beside the pointer and for screen readers. Text is inserted only as text, never as HTML.

export const STATUS_WORDS = {
  root: 'The problem', open: 'waiting: may be tried further', kept: 'expanded: next steps were tried', pruned: 'pruned: the search gave it up',
  finished: 'a whole solution', stuck: 'a dead end', rollout: 'a look ahead, not part of a solution', more: 'pruned branches; click to show them',
  attempt: 'a new attempt, written with those before it in view', stale: 'out of date: the step was edited or taken back',
};
export const AGGREGATION_WORDS = { last: '', min: ', the lowest on its path', product: ', all on its path multiplied', mean: ', the mean of its path' };

const percent = (score) => (score === null ? 'not scored' : score.toFixed(2));

/** The exact checker's result for a step in one sentence; '' if unknown. */
export function truthWords(node) {
  return {
    unknown: '', valid: '✓ A true step.', false: `✗ False step: ${node.reason}`, lost: `– Goal lost here: ${node.reason}`,
    doomed: '– The goal was lost earlier on this path.',
  }[node.truth];
}

export function standing(node, scene) {
  return node === scene.chosen ? 'the end of the best solution' : onChosen(scene).has(node) ? 'on the way to the best solution' : STATUS_WORDS[node.status];
}

export function onChosen(scene) {
  const path = new Set();
  for (let node = scene.chosen; node; node = node.parent) path.add(node);
  return path;
}

/** One sentence for `aria-live`. */
export function spoken(node, scene) {
  if (node.status === 'root') return `The problem: ${node.label}. ${node.kids.length} first steps.`;
  if (node.status === 'more' || node.status === 'attempt') return `${node.label}.`;
  const parts = [`Step ${node.depth}: ${node.label || 'empty'}`, standing(node, scene), `score ${percent(node.score)}`, truthWords(node)];
  return parts.filter(Boolean).join('. ');
}

export function fillCard(card, node, scene, colour) {
  const make = (tag, className, text) => {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  };
  if (['root', 'more', 'attempt'].includes(node.status)) {
    return card.replaceChildren(make('div', 'what', node.status === 'root' ? 'The problem' : STATUS_WORDS[node.status]), make('div', 'text', node.text));
  }
  const what = make('div', 'what', `Step ${node.depth} · ${standing(node, scene)}`);
  const text = make('div', 'text', node.text.trim() || '(empty)');
  const score = make('div', 'score', node.score === null ? 'not scored' : `score ${percent(node.score)}${AGGREGATION_WORDS[scene.aggregation] ?? ''}`);
  const dot = make('i', 'dot', '');
  dot.style.background = colour;
  score.prepend(dot);
  const rows = [what, text, score];
  if (node.reward !== null && node.reward !== node.score) rows.push(make('div', 'note', `the verifier on this step alone: ${percent(node.reward)}`));
  if (node.truth !== 'unknown') rows.push(make('div', `truth ${node.truth}`, truthWords(node)));
  if (node.pinned) rows.push(make('div', 'note', 'pinned: no decision prunes it'));
  if (node.lostHere) rows.push(make('div', 'truth lost', 'The right path was lost here.'));
  if (node.id.split('.').at(-1).startsWith('u')) rows.push(make('div', 'note', 'written by hand'));
  card.replaceChildren(...rows);
}
