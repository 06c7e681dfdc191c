// Responses.

import assert from 'node:assert/strict';

import { zodTextFormat } from 'openai/helpers/zod';

import { City, PARIS } from './content.mjs';
import { ANSWER, USAGE, all, client, counts, user } from './gateway.mjs';
import { WEATHER } from './tools.mjs';

const TOOL = { type: 'function', strict: true, ...WEATHER.function };

function ask(model, input = 'Say hello.', more = {}) {
  return client().responses.create({ model, input, ...more });
}

function whole(answer, model) {
  const shown = JSON.stringify(answer);
  assert.deepEqual([answer.object, answer.status, answer.error ?? null], ['response', 'completed', null], shown);
  assert.ok(answer.id && answer.model, shown);
  assert.equal(answer.output_text, ANSWER, shown);
  const { input_tokens, output_tokens, total_tokens } = answer.usage;
  if (counts(model)) assert.deepEqual([input_tokens, output_tokens, total_tokens], USAGE);
}

export async function plain(model) {
  whole(await ask(model), model);
}

// Who said what stays so, and parts of text are one text.
export async function conversation(model) {
  const parts = ['Say ', 'hello.'].map((text) => ({ type: 'input_text', text }));
  const turns = [user('Who are you?'), { role: 'assistant', content: 'A model.' }, user(parts)];
  const answer = await ask(model, turns, { instructions: 'Be brief.', max_output_tokens: 100, temperature: 0.5 });
  assert.equal(answer.output_text, `(Be brief.) ${ANSWER}`);
}

// Items and parts begin and end, and the last event has everything.
export async function streamed(model) {
  const events = await all(await ask(model, 'Say hello.', { stream: true }));
  const kinds = events.map((event) => event.type);
  assert.deepEqual([kinds[0], kinds.at(-1)], ['response.created', 'response.completed']);
  const texts = events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta);
  assert.equal(texts.join(''), ANSWER);
  assert.ok(texts.length > 1, texts);
  for (const once of ['output_item.added', 'content_part.added', 'content_part.done', 'output_item.done']) {
    assert.equal(kinds.filter((kind) => kind === `response.${once}`).length, 1, `${kinds}`);
  }
  assert.equal(events.find((event) => event.type === 'response.output_text.done').text, ANSWER);
}

// The package's own events, with the whole answer at their end.
export async function helper(model) {
  const stream = client().responses.stream({ model, input: 'Say hello.' });
  let heard = '';
  stream.on('response.output_text.delta', ({ delta, snapshot }) => {
    heard += delta;
    assert.equal(snapshot, heard);
  });
  whole(await stream.finalResponse(), model);
  assert.equal(heard, ANSWER);
}

function calls(answer) {
  return answer.output.filter((item) => item.type === 'function_call');
}

function cities(found) {
  return found.map((call) => JSON.parse(call.arguments).city);
}

// The model calls, the caller answers, and the model has heard it.
async function roundTrip(model, places) {
  const turns = [user(`Weather of ${places.join(', ')}?`)];
  const answer = await ask(model, turns, { tools: [TOOL] });
  const found = calls(answer);
  assert.deepEqual(cities(found), places);
  assert.equal(new Set(found.map((call) => call.call_id)).size, places.length);
  // As the package's users do: the items go back as they came.
  turns.push(...answer.output);
  for (const call of found) {
    const output = `${JSON.parse(call.arguments).city}: sunny`;
    turns.push({ type: 'function_call_output', call_id: call.call_id, output });
  }
  const heard = places.map((place) => `${place}: sunny`).join(' | ');
  assert.equal((await ask(model, turns, { tools: [TOOL] })).output_text, `I heard: ${heard}`);
}

export async function tool(model) {
  await roundTrip(model, ['Paris']);
}

export async function parallel_tools(model) {
  await roundTrip(model, ['Paris', 'Rome']);
}

// Arguments come in pieces that belong to their item; the helper adds them up.
export async function streamed_tools(model) {
  const stream = client().responses.stream({ model, input: 'Weather of Paris, Rome?', tools: [TOOL] });
  const pieces = {};
  stream.on('response.function_call_arguments.delta', ({ item_id, delta }) => {
    pieces[item_id] = (pieces[item_id] ?? '') + delta;
  });
  const found = calls(await stream.finalResponse());
  assert.deepEqual(cities(found), ['Paris', 'Rome']);
  assert.deepEqual(Object.values(pieces), found.map((call) => call.arguments));
}

export async function structured(model) {
  const text = { format: zodTextFormat(City, 'city') };
  const asked = { model, input: 'Describe Paris.', text };
  assert.deepEqual((await client().responses.parse(asked)).output_parsed, PARIS);
  assert.deepEqual((await client().responses.stream(asked).finalResponse()).output_parsed, PARIS);
}

// Thinking is an item of its own, before the answer.
export async function thinking(model) {
  const { output, output_text } = await ask(model, 'Think hard.', { reasoning: { effort: 'low' } });
  assert.deepEqual([output.map((item) => item.type), output_text], [['reasoning', 'message'], 'Thought.']);
}
