// Tidy trees as the browser lays them out. tests/render/test_layout.py compares many of them with the same written in Python.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { tidy } from '../../../tts_viz/render/browser/tree_layout.js';

test('the root stands at 0, children at equal distances around it', () => {
  assert.deepEqual(tidy([-1]), [0]);
  assert.deepEqual(tidy([-1, 0, 0, 0]), [0, -1, 0, 1]);
  assert.deepEqual(tidy([-1, 0, 0]), [0, -0.5, 0.5]);
});

test('a leaf between two large subtrees stands in the middle of the gap', () => {
  const five = (parent) => Array.from({ length: 5 }, () => parent);
  assert.deepEqual(tidy([-1, 0, 0, 0, ...five(1), ...five(3)]).slice(1, 4), [-2.5, 0, 2.5]);
});

test('neighbours at one depth are at least one distance apart, and parents midway between their children', () => {
  const parents = [-1];
  for (let node = 1; node < 400; node++) parents.push((node * 7919) % Math.min(node, 50)); // bushy, always the same
  const places = tidy(parents);
  const depth = parents.map(() => 0);
  parents.forEach((parent, node) => { if (node) depth[node] = depth[parent] + 1; });
  const order = new Map();
  const walk = (node) => {
    const row = order.get(depth[node]) ?? order.set(depth[node], []).get(depth[node]);
    row.push(places[node]);
    const kids = parents.flatMap((parent, kid) => (parent === node && kid ? [kid] : []));
    if (kids.length) assert.equal(places[node], (places[kids[0]] + places[kids.at(-1)]) / 2);
    kids.forEach(walk);
  };
  walk(0);
  for (const row of order.values()) row.forEach((place, k) => k && assert.ok(place - row[k - 1] >= 1));
});

test('a long chain needs no recursion', () => {
  assert.ok(tidy([-1, ...Array(100_000).keys()]).every((place) => place === 0));
});
