// Messages, by Anthropic's package.

import assert from 'node:assert/strict';

import Anthropic from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';

import { City, PARIS } from './content.mjs';
import { ANSWER, USAGE, all, anthropicClient as client, counts, raised, user } from './gateway.mjs';
import { WEATHER } from './tools.mjs';

const { description, parameters } = WEATHER.function;
const TOOL = { name: 'weather', description, input_schema: parameters };
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const CACHED = { cache_control: { type: 'ephemeral' } };

function options(model, turns = [user()], more = {}) {
  return { model, max_tokens: 100, messages: turns, ...more };
}

function ask(model, turns, more) {
  return client().messages.create(options(model, turns, more));
}

function text(answer) {
  return answer.content.map((block) => block.text ?? '').join('');
}

function whole(answer, model) {
  assert.deepEqual([answer.type, answer.role, answer.stop_reason], ['message', 'assistant', 'end_turn']);
  assert.ok(answer.id && answer.model, JSON.stringify(answer));
  assert.deepEqual(answer.content.map((block) => [block.type, block.text]), [['text', ANSWER]]);
  if (counts(model)) assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], USAGE.slice(0, 2));
}

export async function plain(model) {
  whole(await ask(model), model);
}

// Who said what stays so, and parts of text are one text; hints for a cache do not get in the way.
export async function conversation(model) {
  const parts = [{ type: 'text', text: 'Say ' }, { type: 'text', text: 'hello.', ...CACHED }];
  const turns = [user('Who are you?'), { role: 'assistant', content: 'A model.' }, user(parts)];
  const system = [{ type: 'text', text: 'Be brief.', ...CACHED }];
  assert.equal(text(await ask(model, turns, { system, stop_sequences: ['END'] })), `(Be brief.) ${ANSWER}`);
}

export async function streamed(model) {
  const events = await all(await ask(model, [user()], { stream: true }));
  const kinds = events.map((event) => event.type).filter((kind) => kind !== 'ping');
  assert.deepEqual(kinds.slice(0, 2), ['message_start', 'content_block_start']);
  assert.deepEqual(kinds.slice(-3), ['content_block_stop', 'message_delta', 'message_stop']);
  assert.deepEqual(new Set(kinds.slice(2, -3)), new Set(['content_block_delta']));
  assert.equal(events.map((event) => event.delta?.text ?? '').join(''), ANSWER);
}

// The package's own events, with the whole answer at their end.
export async function helper(model) {
  const stream = client().messages.stream(options(model));
  let heard = '';
  stream.on('text', (delta, snapshot) => {
    heard += delta;
    assert.equal(snapshot, heard);
  });
  whole(await stream.finalMessage(), model);
  assert.equal(heard, ANSWER);
}

function calls(answer) {
  assert.equal(answer.stop_reason, 'tool_use');
  return answer.content.filter((block) => block.type === 'tool_use');
}

// The model calls, the caller answers, and the model has heard it.
async function roundTrip(model, places) {
  const turns = [user(`Weather of ${places.join(', ')}?`)];
  const answer = await ask(model, turns, { tools: [TOOL] });
  const found = calls(answer);
  assert.deepEqual(found.map((call) => [call.name, call.input.city]), places.map((place) => ['weather', place]));
  assert.equal(new Set(found.map((call) => call.id)).size, places.length);
  // As the package's users do: the blocks go back as they came.
  turns.push({ role: 'assistant', content: answer.content });
  const result = ({ id, input }) => ({ type: 'tool_result', tool_use_id: id, content: `${input.city}: sunny` });
  turns.push(user(found.map(result)));
  const heard = places.map((place) => `${place}: sunny`).join(' | ');
  assert.equal(text(await ask(model, turns, { tools: [TOOL] })), `I heard: ${heard}`);
}

export async function tool(model) {
  await roundTrip(model, ['Paris']);
}

export async function parallel_tools(model) {
  await roundTrip(model, ['Paris', 'Rome']);
}

// Arguments come in pieces; the helper adds them up.
export async function streamed_tools(model) {
  const stream = client().messages.stream(options(model, [user('Weather of Paris, Rome?')], { tools: [TOOL] }));
  const pieces = [];
  stream.on('inputJson', (delta) => pieces.push(delta));
  const found = calls(await stream.finalMessage());
  assert.deepEqual(found.map((call) => call.input), [{ city: 'Paris' }, { city: 'Rome' }]);
  const whole = found.map((call) => JSON.stringify(call.input)).join('');
  assert.equal(pieces.join('').replaceAll(' ', ''), whole);
}

export async function structured(model) {
  const asked = options(model, [user('Describe Paris.')], { output_config: { format: zodOutputFormat(City) } });
  assert.deepEqual((await client().messages.parse(asked)).parsed_output, PARIS);
}

// Thinking is a block of its own, before the answer, and comes back in the next turn.
export async function thinking(model) {
  const asked = options(model, [user('Think hard.')], { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 1024 } });
  const answer = await client().messages.create(asked);
  for (const told of [answer, await client().messages.stream(asked).finalMessage()]) {
    assert.deepEqual(told.content.map((block) => block.type), ['thinking', 'text']);
    assert.equal(told.content[0].thinking, 'Because of this and that.');
    assert.equal(text(told), 'Thought.');
  }
  const turns = [...asked.messages, { role: 'assistant', content: answer.content }, user()];
  assert.equal(text(await client().messages.create({ ...asked, messages: turns })), ANSWER);
}

export async function image(model) {
  const source = { type: 'base64', media_type: 'image/png', data: PIXEL };
  const parts = [{ type: 'image', source, ...CACHED }, { type: 'text', text: 'Say hello.' }];
  assert.equal(text(await ask(model, [user(parts)])), ANSWER);
}

export async function document(model) {
  const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjQK' };
  const parts = [{ type: 'document', source, title: 'paper' }, { type: 'text', text: 'Say hello.' }];
  assert.equal(text(await ask(model, [user(parts)])), ANSWER);
}

async function count(model) {
  const asked = { model, messages: [user()], system: 'Be brief.', tools: [TOOL] };
  const { data, response } = await client().messages.countTokens(asked).withResponse();
  return [data.input_tokens, response.headers.get('x-tollhouse-usage')];
}

// The provider counts.
export async function counted(model) {
  assert.deepEqual(await count(model), [USAGE[0], null]);
}

// The gateway does, and says so.
export async function estimated(model) {
  const [tokens, source] = await count(model);
  assert.ok(tokens > 10 && tokens < 100 && source === 'estimated', `${tokens} ${source}`);
}

// What the key may use, in Anthropic's form; names are separated by commas. `/anthropic` is a base for all of it.
export async function models(expected) {
  for (const ours of [client(), client({ baseURL: `${process.env.ANTHROPIC_BASE_URL}/anthropic` })]) {
    const listed = await all(ours.models.list());
    assert.deepEqual(listed.map((model) => model.id), expected.split(','));
    for (const model of listed) {
      assert.deepEqual([model.type, model.display_name], ['model', model.id]);
      assert.ok(Date.parse(model.created_at) >= 0, JSON.stringify(model));
      assert.deepEqual(await ours.models.retrieve(model.id), model);
    }
    await raised(Anthropic.NotFoundError, () => ours.models.retrieve('nobody'));
  }
}
