// What plotly is given: every node where it stands, text only as text, labels that are not over one another.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { cividis, plain, plotly } from '../../../tts_viz/render/browser/tree_draw.js';
import { makeScene } from '../../../tts_viz/render/browser/tree_fold.js';
import { tidy } from '../../../tts_viz/render/browser/tree_layout.js';
import { fileName, sheet } from '../../../tts_viz/render/browser/tree_save.js';

const THEME = Object.fromEntries(['ink', 'muted', 'paper', 'edge', 'pruned', 'accent', 'false', 'lost', 'unscored', 'rim'].map((name) => [name, name]));

function picture(rows, width = 1000, height = 600) {
  const scene = makeScene();
  scene.take(`${JSON.stringify({ run: 'r', all: 1, chosen: 1, add: [[-1, '0', ['Make 24', 't']], [0, 0, ...rows]] })}\n`);
  const order = tidy(scene.nodes.map((node) => (node.parent ? scene.nodes.indexOf(node.parent) : -1)));
  const places = new Map(scene.nodes.map((node, k) => [node, [node.depth, order[k]]]));
  return { nodes: scene.nodes, places, scene, selected: '0.1', range: { x: [-0.3, 4], y: [-8, 8] }, width, height, theme: THEME };
}

const dotsOf = ({ data }) => data.find((trace) => trace.customdata);
const labelsOf = ({ data }) => data.find((trace) => trace.mode === 'text');

test('scores are colours from blue to yellow, and what is beyond is the end', () => {
  assert.equal(cividis(0), 'rgb(0,32,76)');
  assert.equal(cividis(1), 'rgb(255,233,69)');
  assert.equal(cividis(7), cividis(1));
});

test('plotly gets no tag and no formula', () => {
  assert.equal(plain('<b>$x$</b> &amp;'), '&#60;b&#62;&#36;x&#36;&#60;/b&#62; &#38;amp;');
});

test('each node is drawn once, where it stands, by what it is', () => {
  const drawn = dotsOf(plotly(picture([['a', 'k', 900], ['b', 'p', 100], ['c', 's']])));
  assert.deepEqual(drawn.customdata, ['0', '0.0', '0.1', '0.2']);
  assert.deepEqual([drawn.x, drawn.y], [[0, 1, 1, 1], [0, -1, 0, 1]]);
  assert.deepEqual(drawn.marker.symbol, ['circle', 'star', 'square', 'line-ns-open']);
  assert.equal(drawn.marker.color[1], cividis(0.9));
});

test('in a large tree what is pruned is drawn as paths, the others as points', () => {
  const drawn = plotly(picture(Array.from({ length: 400 }, (_, k) => ['x', k % 4 ? 'p' : 'k', 500])));
  assert.equal(dotsOf(drawn).customdata.length, 101);
  assert.equal(drawn.data.filter((trace) => trace.fill === 'toself').flatMap((trace) => trace.x).filter((x) => x === null).length, 300);
});

test('labels are as long as their column is wide, and none is over another', () => {
  const long = 'a step that is far longer than its column can show it in one line';
  const wide = labelsOf(plotly(picture([[long, 'k', 900]])));
  assert.match(wide.text[1], /^a step that is far .*…$/);
  const narrow = labelsOf(plotly(picture([[long, 'k', 900]], 300)));
  assert.deepEqual(narrow.text, []);
  const crowd = picture(Array.from({ length: 60 }, () => [long, 'o', 500]), 1000, 200);
  crowd.range.y = [-32, 32];
  const { x, y } = labelsOf(plotly(crowd));
  const column = y.filter((_, k) => x[k] > 0.5).toSorted((a, b) => a - b);
  assert.ok(column.length > 3 && column.length < 20);
  column.forEach((at, k) => assert.ok(!k || (at - column[k - 1]) * (200 / 64) >= 15));
});

test('the picture to keep has a title, a legend, and room for all', () => {
  const view = picture([['a', 'k', 900], ['b', 'p', 100]]);
  const { data, layout } = sheet({ ...view, legend: [['kept', 'expanded'], ['chosen', 'best']] });
  assert.deepEqual(data.filter((trace) => trace.name).map((trace) => trace.name), ['expanded', 'best']);
  assert.ok(layout.annotations.some((said) => said.text === 'Make 24'));
  assert.ok(layout.width >= 760 && layout.height >= 300);
});

test('files are named by their run, in letters that every disk takes', () => {
  assert.equal(fileName('run-1', 'svg'), 'tts_viz-run-1.svg');
  assert.equal(fileName('../a b:c?', 'png'), 'tts_viz-..-a-b-c-.png');
  assert.equal(fileName('x'.repeat(200), 'svg').length, 'tts_viz-.svg'.length + 60);
});
