// Where an arrow key leads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { neighbour } from '../../../tts_viz/render/browser/tree_pointer.js';

const root = { parent: null, depth: 0 };
const [above, below] = [{ parent: root, depth: 1 }, { parent: root, depth: 1 }];
const child = { parent: below, depth: 2 };
const nodes = [root, below, above, child];
const places = new Map([[root, [0, 0]], [above, [1, -1]], [below, [1, 1]], [child, [2, 1]]]);
const go = (node, key) => neighbour(node, key, nodes, places);

test('left is the parent, right the first child', () => {
  assert.equal(go(child, 'ArrowLeft'), below);
  assert.equal(go(root, 'ArrowRight'), above);
});

test('up and down are the neighbours at this depth', () => {
  assert.equal(go(above, 'ArrowDown'), below);
  assert.equal(go(below, 'ArrowUp'), above);
});

test('where nothing is, one stays', () => {
  assert.equal(go(root, 'ArrowLeft'), root);
  assert.equal(go(child, 'ArrowRight'), child);
  assert.equal(go(above, 'ArrowUp'), above);
  assert.equal(go(below, 'ArrowDown'), below);
});
