// Nodes in words, for who cannot see the tree.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeScene } from '../../../tts_viz/render/browser/tree_fold.js';
import { onChosen, spoken, standing, truthWords } from '../../../tts_viz/render/browser/tree_words.js';

const scene = makeScene();
scene.take(`${JSON.stringify({
  run: 'r', all: 1, chosen: 3,
  add: [[-1, '0', ['Make  24', 't']], [0, 0, ['6*4=24', 'kv', 780], ['6+4=11', 'pf', 200, '6+4 is 10, not 11.']], [1, 0, ['24', 'fl', null, 'no way to 24']], [0, 'a1', ['attempt 2', 'a']]],
})}\n`);
const [root, good, bad, end, attempt] = scene.nodes;

test('each kind of node has its sentence', () => {
  assert.equal(spoken(root, scene), 'The problem: Make 24. 3 first steps.');
  assert.equal(spoken(good, scene), 'Step 1: 6*4=24. on the way to the best solution. score 0.78. ✓ A true step.');
  assert.equal(spoken(bad, scene), 'Step 1: 6+4=11. pruned: the search gave it up. score 0.20. ✗ False step: 6+4 is 10, not 11.');
  assert.equal(spoken(end, scene), 'Step 2: 24. the end of the best solution. score not scored. – Goal lost here: no way to 24');
  assert.equal(spoken(attempt, scene), 'attempt 2.');
});

test('what nobody checked is not judged', () => {
  assert.equal(truthWords({ truth: 'unknown', reason: '' }), '');
});

test('the way to the best solution is all nodes above its end', () => {
  assert.deepEqual([...onChosen(scene)], [end, good, root]);
  assert.equal(onChosen({ chosen: null }).size, 0);
  assert.equal(standing(bad, { chosen: null }), 'pruned: the search gave it up');
});
