// What part of the tree is seen: it fits, zooms about a point, pans, and moves no more than it must.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeCamera, mix, mixRange } from '../../../tts_viz/render/browser/tree_camera.js';

const near = (actual, expected) => actual.forEach((value, k) => assert.ok(Math.abs(value - expected[k]) < 1e-9, `${actual} is not ${expected}`));
const camera = (x, y) => Object.assign(makeCamera(), { range: { x, y } });

test('all nodes are seen, and small trees are not blown up', () => {
  const places = new Map([['root', [0, 0]], ['deep', [9, -20]], ['low', [4, 33]]]);
  const { x, y } = makeCamera().fitted([...places.keys()], places, { width: 800, height: 600 });
  assert.ok(x[0] < 0 && x[1] > 9 && y[0] < -20 && y[1] > 33);
  const one = makeCamera().fitted(['root'], places, { width: 800, height: 600 });
  assert.ok(800 / (one.x[1] - one.x[0]) <= 210 && 600 / (one.y[1] - one.y[0]) <= 40);
});

test('the point that is zoomed at stays where it is', () => {
  const seen = camera([0, 10], [-4, 4]);
  seen.zoom(2, 0.25, 0.5);
  near(seen.range.x, [1.25, 6.25]);
  near(seen.range.y, [-2, 2]);
  assert.equal(seen.own, true);
  seen.zoom(0.5, 0.25, 0.5);
  near([...seen.range.x, ...seen.range.y], [0, 10, -4, 4]);
});

test('a pan moves by fractions of what is seen', () => {
  const seen = camera([0, 10], [0, 4]);
  seen.pan(0.1, -0.5);
  near([...seen.range.x, ...seen.range.y], [1, 11, -2, 2]);
});

test('a node that is seen moves nothing, one outside is brought in with a margin', () => {
  const seen = camera([0, 10], [0, 10]);
  seen.reveal([9.9, 5]);
  assert.equal(seen.own, false);
  seen.reveal([12, 5]);
  near([...seen.range.x, ...seen.range.y], [2.8, 12.8, 0, 10]);
  seen.reveal([2, -1]);
  near([...seen.range.x, ...seen.range.y], [1.2, 11.2, -1.8, 8.2]);
});

test('between two places', () => {
  assert.deepEqual(mix([0, 4], [1, 0], 0.25), [0.25, 3]);
  assert.deepEqual(mixRange({ x: [0, 1], y: [0, 2] }, { x: [1, 2], y: [2, 4] }, 0.5), { x: [0.5, 1.5], y: [1, 3] });
});
