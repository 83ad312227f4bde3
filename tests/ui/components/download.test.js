// Files that Python made, as the browser saves them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { blobOf, saveEach } from '../../../tts_viz/ui/components/download.js';

test('text is text, and bytes are bytes', async () => {
  const text = blobOf({ type: 'text/csv', text: '\ufeffnumber,“x”\n' });
  assert.equal(text.type, 'text/csv');
  assert.deepEqual([...(await text.bytes())].slice(0, 3), [0xef, 0xbb, 0xbf]);
  const bytes = blobOf({ type: 'application/x', base64: 'AAH/gA==' });
  assert.deepEqual([...(await bytes.bytes())], [0, 1, 255, 128]);
  assert.equal((await blobOf({ type: 'text/csv', text: '' }).bytes()).length, 0);
});

test('a value is saved once, under its name; the same file again is another value', () => {
  const saved = [];
  globalThis.document = { createElement: () => ({ click() { saved.push(this.download); } }) };
  const props = { value: '' };
  let changed;
  saveEach(props, (name, act) => { assert.equal(name, 'value'); changed = act; });
  const give = (value) => { props.value = value; changed(); };
  give('');
  give(JSON.stringify({ name: 'a.csv', type: 'text/csv', text: 'x', number: 1 }));
  give(props.value);
  give(JSON.stringify({ name: 'a.csv', type: 'text/csv', text: 'x', number: 2 }));
  assert.deepEqual(saved, ['a.csv', 'a.csv']);
  delete globalThis.document;
});
