// How the text of render/wire.py is read, line by line and as a whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { collapsed, makeScene } from '../../../tts_viz/render/browser/tree_fold.js';

const lines = (...said) => said.map((line) => `${JSON.stringify({ run: 'r', ...line })}\n`).join('');
const FIRST = { all: 1, add: [[-1, '0', ['question', 't']], [0, 0, ['a', 'k', 900], ['b', 'pf', [400, 300], 'wrong']]], chosen: null, marks: [], agg: 'last' };
const ids = (scene) => scene.nodes.map((node) => node.id);

test('a complete line is a scene', () => {
  const scene = makeScene();
  assert.equal(scene.take(lines(FIRST)), true);
  assert.deepEqual(ids(scene), ['0', '0.0', '0.1']);
  const [root, a, b] = scene.nodes;
  assert.deepEqual([root.status, root.depth, root.kids], ['root', 0, [a, b]]);
  assert.deepEqual([a.score, a.reward, a.truth], [0.9, 0.9, 'unknown']);
  assert.deepEqual([b.status, b.truth, b.score, b.reward, b.reason, b.parent], ['pruned', 'false', 0.4, 0.3, 'wrong', root]);
});

test('what follows changes it; the same text again says nothing', () => {
  const scene = makeScene();
  scene.take(lines(FIRST));
  const [, a, b] = scene.nodes;
  const after = lines(FIRST, { add: [[1, 'u0', ['by hand', 'o']]], set: { code: [['p^#', [1, 1]]], scores: [[null, [2]]] }, chosen: 3, marks: [[2, 'M 4 → 2']] });
  assert.equal(scene.take(after), true);
  assert.equal(scene.take(after), false);
  assert.equal(scene.nodes[1], a); // the node itself, so that it can move from where it was
  assert.deepEqual([a, b].map((node) => [node.status, node.pinned, node.lostHere]), [['pruned', true, true], ['pruned', true, true]]);
  assert.equal(b.score, null);
  assert.deepEqual([scene.chosen.id, scene.chosen.depth, scene.marks], ['0.0.u0', 2, [{ depth: 2, label: 'M 4 → 2' }]]);
});

test('a text that begins otherwise replaces all, whatever was missed between', () => {
  const scene = makeScene();
  scene.take(lines(FIRST, { add: [[1, 0, ['c', 'o']]], chosen: 3 }));
  scene.take(lines({ ...FIRST, add: FIRST.add.slice(0, 1) }));
  assert.deepEqual([ids(scene), scene.chosen], [['0'], null]);
  scene.take(lines({ ...FIRST, add: FIRST.add.slice(0, 1) }, { add: [[0, 7, ['d', 'o']]] }));
  assert.deepEqual(ids(scene), ['0', '0.7']);
  scene.take('');
  assert.deepEqual(ids(scene), []);
});

test('a complete line within a text forgets those before it', () => {
  const scene = makeScene();
  scene.take(lines(FIRST, { all: 1, add: [[-1, '0', ['other', 't']]] }));
  assert.deepEqual(scene.nodes.map((node) => node.text), ['other']);
});

test('a node is asked for once, also where the text is begun anew', () => {
  const scene = makeScene();
  const heard = () => { const id = scene.show; scene.show = null; return id; };
  scene.take(lines({ ...FIRST, show: [1, 1] }));
  assert.equal(heard(), '0.0');
  scene.take(lines({ ...FIRST, agg: 'min', show: [1, 1] }));
  assert.equal(heard(), null);
  scene.take(lines({ ...FIRST, agg: 'min', show: [1, 1] }, { show: [2, 2] }));
  scene.take(lines({ ...FIRST, agg: 'mean', show: [2, 2] })); // before anybody has drawn it
  assert.equal(heard(), '0.1');
  scene.take(lines({ ...FIRST, run: 'another', show: [1, 2] }));
  assert.equal(heard(), '0.0');
});

test('attempts of a chain stand under one another', () => {
  const scene = makeScene();
  scene.take(lines({ all: 1, add: [[-1, '0', ['q', 't']], [0, 'a0', ['attempt 1', 'a']], [1, 'a1', ['attempt 2', 'a']], [2, 0, ['s', 'o']]] }));
  assert.deepEqual(scene.nodes.map((node) => node.depth), [0, 1, 1, 2]);
});

test('pruned branches are summed up under the nearest node that is drawn', () => {
  const scene = makeScene();
  scene.take(lines({ all: 1, add: [[-1, '0', ['q', 't']], [0, 0, ['a', 'k'], ['b', 'p']], [2, 0, ['c', 'p'], ['d', 'p']], [1, 0, ['e', 'p']]] }));
  assert.equal(collapsed(scene.nodes, false), scene.nodes);
  const drawn = collapsed(scene.nodes, true);
  assert.deepEqual(drawn.map((node) => [node.id, node.label]), [['0', 'q'], ['0.0', 'a'], ['0.+', '+3 pruned'], ['0.0.+', '+1 pruned']]);
});
