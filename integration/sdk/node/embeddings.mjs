// Embeddings: providers answer the length of a text, and numbers that are the same in four bytes.

import assert from 'node:assert/strict';

import { USAGE, client } from './gateway.mjs';

export const TEXTS = ['hi', 'there'];
export const VECTORS = [
  [2, -2.5, 0.25],
  [5, -2.5, 0.25],
];

async function told(model, input = TEXTS, more = {}) {
  const answer = await client().embeddings.create({ model, input, ...more });
  assert.ok(answer.object === 'list' && answer.model, JSON.stringify(answer));
  assert.deepEqual(answer.usage, { prompt_tokens: USAGE[0], total_tokens: USAGE[0] });
  answer.data.forEach(({ object, index }, at) => assert.deepEqual([object, index], ['embedding', at]));
  return answer.data.map((one) => one.embedding);
}

// As the package asks by itself, for base64; as it is asked to, for numbers; and shorter ones.
export async function vectors(model) {
  assert.deepEqual(await told(model), VECTORS);
  assert.deepEqual(await told(model, TEXTS, { encoding_format: 'float' }), VECTORS);
  assert.deepEqual(await told(model, 'hi', { dimensions: 2 }), [VECTORS[0].slice(0, 2)]);
  // Nobody decodes what a caller asked for by name.
  assert.deepEqual(await told(model, 'hi', { encoding_format: 'base64' }), ['AAAAQAAAIMAAAIA+']);
}
