// Streamed answers.

import assert from 'node:assert/strict';

import { ANSWER, USAGE, all, client, count, counts, text, user } from './gateway.mjs';

export async function streamed(model) {
  const chunks = await all(await client().chat.completions.create({ model, messages: [user()], stream: true }));
  const shown = JSON.stringify(chunks);
  assert.ok(chunks.every((chunk) => chunk.object === 'chat.completion.chunk'), shown);
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1, shown);
  assert.ok(chunks[0].id && chunks[0].model, shown);
  // Nobody asked for usage: every chunk has its choice.
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage), shown);
  assert.equal(chunks[0].choices[0].delta.role, 'assistant', shown);
  assert.equal(text(chunks), ANSWER);
  assert.ok(chunks.filter((chunk) => chunk.choices[0].delta.content).length > 1, shown);
  const reasons = chunks.map((chunk) => chunk.choices[0].finish_reason).filter(Boolean);
  assert.deepEqual(reasons, ['stop']);
  assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
}

export async function streamed_usage(model) {
  const asked = { model, messages: [user()], stream: true, stream_options: { include_usage: true } };
  const chunks = await all(await client().chat.completions.create(asked));
  const last = chunks.pop();
  assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length), JSON.stringify(chunks));
  assert.deepEqual(last.choices, []);
  if (counts(model)) assert.deepEqual(count(last.usage), USAGE);
}

// The package's own events, with the whole answer at their end.
export async function helper(model) {
  const asked = { model, messages: [user()], stream_options: { include_usage: true } };
  const stream = client().chat.completions.stream(asked);
  let heard = '';
  stream.on('content', (delta, snapshot) => {
    heard += delta;
    assert.equal(snapshot, heard);
  });
  const answer = await stream.finalChatCompletion();
  assert.deepEqual([heard, answer.choices[0].message.content], [ANSWER, ANSWER]);
  assert.equal(answer.choices[0].finish_reason, 'stop');
  if (counts(model)) assert.deepEqual(count(await stream.totalUsage()), USAGE);
}

// A caller that has heard enough.
export async function hang_up(model) {
  const stream = await client().chat.completions.create({ model, messages: [user()], stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
}
