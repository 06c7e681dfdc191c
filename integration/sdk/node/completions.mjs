// Completions, which preceded chat.

import assert from 'node:assert/strict';

import { ANSWER, PROMPT, USAGE, all, client, count } from './gateway.mjs';

function ask(model, more = {}) {
  return client().completions.create({ model, prompt: PROMPT, max_tokens: 100, ...more });
}

export async function plain(model) {
  const answer = await ask(model);
  assert.ok(answer.object === 'text_completion' && answer.id && answer.model, JSON.stringify(answer));
  assert.deepEqual(answer.choices.map((one) => [one.index, one.text, one.finish_reason]), [[0, ANSWER, 'stop']]);
  assert.deepEqual(count(answer.usage), USAGE);
}

export async function streamed(model) {
  const pieces = await all(await ask(model, { stream: true }));
  const shown = JSON.stringify(pieces);
  assert.ok(pieces.every((piece) => piece.object === 'text_completion' && piece.choices.length === 1 && !piece.usage), shown);
  assert.equal(pieces.map((piece) => piece.choices[0].text).join(''), ANSWER);
  assert.ok(pieces.length > 2, shown);
  assert.deepEqual(pieces.map((piece) => piece.choices[0].finish_reason).filter(Boolean), ['stop']);
  const last = (await all(await ask(model, { stream: true, stream_options: { include_usage: true } }))).at(-1);
  assert.deepEqual([last.choices, count(last.usage)], [[], USAGE]);
}
