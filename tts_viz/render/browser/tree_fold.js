// Folds lines from render/wire.py into a scene; the format is documented there.

const STATUSES = { t: 'root', o: 'open', k: 'kept', p: 'pruned', f: 'finished', s: 'stuck', r: 'rollout', m: 'more', a: 'attempt', x: 'stale' };
const ATTEMPT = /\.a\d+$/; // at the end of an attempt's id
const TRUTHS = { '': 'unknown', v: 'valid', f: 'false', l: 'lost', d: 'doomed' };

/**
 * A scene that `take`s a growing text, or a new one. Nodes are in order of creation and have their parent and children.
 * `show` is the id of the node for which the ring was last requested; the code that draws it resets it to null.
 */
export function makeScene() {
  let text = '';
  let shown = 0; // the time of the last `show` that was handled
  const scene = { run: null, nodes: [], byId: new Map(), chosen: null, marks: [], aggregation: 'last', show: null, take };

  /** Reads the new part of the text, or all of it if it is a new text. Returns whether anything is new. */
  function take(whole) {
    if (whole === text) return false;
    const fresh = whole.startsWith(text) ? whole.slice(text.length) : whole;
    if (fresh.length === whole.length) forget();
    text = whole;
    for (const line of fresh.split('\n')) if (line) fold(JSON.parse(line));
    return true;
  }

  function forget() {
    if (scene.show) shown = 0; // not drawn yet: accept the request again
    Object.assign(scene, { nodes: [], byId: new Map(), chosen: null, marks: [], show: null });
  }

  function fold(change) {
    if (change.run !== scene.run) shown = 0;
    scene.run = change.run;
    if (change.all) forget();
    for (const [parent, key, ...rows] of change.add ?? []) rows.forEach((row, n) => add(parent, n ? key + n : key, row));
    for (const [field, groups] of Object.entries(change.set ?? {})) {
      for (const [value, gaps] of groups) {
        let number = 0;
        for (const gap of gaps) SET[field](scene.nodes[number += gap], value);
      }
    }
    if ('chosen' in change) scene.chosen = change.chosen === null ? null : scene.nodes[change.chosen];
    if ('marks' in change) scene.marks = change.marks.map(([depth, label]) => ({ depth, label }));
    if ('agg' in change) scene.aggregation = change.agg;
    if ('show' in change && change.show[1] !== shown) {
      scene.show = scene.nodes[change.show[0]].id;
      shown = change.show[1];
    }
  }

  function add(number, key, [text, code, scores = null, reason = '']) {
    const parent = scene.nodes[number] ?? null;
    const node = { id: parent ? `${parent.id}.${key}` : String(key), parent, kids: [], reason };
    // Attempts of a chain are drawn below one another.
    node.depth = parent ? parent.depth + !(ATTEMPT.test(parent.id) && ATTEMPT.test(node.id)) : 0;
    SET.text(node, text);
    SET.code(node, code);
    SET.scores(node, scores);
    parent?.kids.push(node);
    scene.nodes.push(node);
    scene.byId.set(node.id, node);
  }

  return scene;
}

const SET = {
  text: (node, text) => { node.text = text; node.label = text.trim().replace(/\s+/g, ' '); },
  code: (node, code) => { node.status = STATUSES[code[0]]; node.truth = TRUTHS[code.slice(1).replace(/[\^#]/g, '')]; node.pinned = code.includes('^'); node.lostHere = code.includes('#'); },
  scores: (node, scores) => {
    [node.score, node.reward] = (Array.isArray(scores) ? scores : [scores, scores]).map((s) => (s === null ? null : s / 1000));
  },
  reason: (node, reason) => { node.reason = reason; },
};

/** The nodes to draw: all, or with the pruned nodes under a node summarised as one "+12 pruned". */
export function collapsed(nodes, collapse) {
  if (!collapse) return nodes;
  const hidden = new Map();
  const kept = nodes.filter((node) => {
    if (node.status !== 'pruned') return true;
    let above = node.parent;
    while (above.status === 'pruned') above = above.parent;
    hidden.set(above, (hidden.get(above) ?? 0) + 1);
    return false;
  });
  const summary = ([parent, count]) => ({
    id: `${parent.id}.+`, parent, kids: [], depth: parent.depth + 1, status: 'more', truth: 'unknown', score: null,
    reward: null, reason: '', text: `+${count} pruned`, label: `+${count} pruned`,
  });
  return [...kept, ...[...hidden].map(summary)];
}
