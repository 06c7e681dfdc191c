// Tools: calls, their results, and the answer to those.

import assert from 'node:assert/strict';

import { zodFunction } from 'openai/helpers/zod';
import { z } from 'zod';

import { all, client, user } from './gateway.mjs';

export const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather of a city.',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};

function cities(calls) {
  assert.ok(calls.every((call) => call.type === 'function' && call.function.name === 'weather'));
  return calls.map((call) => JSON.parse(call.function.arguments).city);
}

// The model calls, the caller answers, and the model has heard it.
async function roundTrip(model, question, expected) {
  const messages = [user(question)];
  const asked = { model, messages, tools: [WEATHER] };
  const { finish_reason, message } = (await client().chat.completions.create(asked)).choices[0];
  assert.equal(finish_reason, 'tool_calls');
  assert.deepEqual(cities(message.tool_calls), expected);
  assert.equal(new Set(message.tool_calls.map((call) => call.id)).size, expected.length);
  // As the package's users do: the message goes back as it came.
  messages.push(message);
  for (const call of message.tool_calls) {
    const content = `${JSON.parse(call.function.arguments).city}: sunny`;
    messages.push({ role: 'tool', tool_call_id: call.id, content });
  }
  const answer = await client().chat.completions.create(asked);
  const heard = expected.map((city) => `${city}: sunny`).join(' | ');
  assert.equal(answer.choices[0].message.content, `I heard: ${heard}`);
  assert.equal(answer.choices[0].finish_reason, 'stop');
}

export async function tool(model) {
  await roundTrip(model, 'Weather of Paris?', ['Paris']);
}

export async function parallel_tools(model) {
  await roundTrip(model, 'Weather of Paris, Rome?', ['Paris', 'Rome']);
}

export async function one_tool_at_a_time(model) {
  const asked = { model, messages: [user('Weather of Paris, Rome?')], tools: [WEATHER] };
  const answer = await client().chat.completions.create({ parallel_tool_calls: false, ...asked });
  assert.deepEqual(cities(answer.choices[0].message.tool_calls), ['Paris']);
}

export async function tool_choice(model) {
  const ask = async (content, tool_choice) => {
    const asked = { model, messages: [user(content)], tools: [WEATHER], tool_choice };
    return (await client().chat.completions.create(asked)).choices[0].message;
  };
  for (const choice of ['required', { type: 'function', function: { name: 'weather' } }]) {
    assert.deepEqual(cities((await ask('Anything.', choice)).tool_calls), ['Anything.']);
  }
  assert.equal((await ask('Weather of Paris?', 'none')).content, 'You said: Weather of Paris?');
}

// Calls are told apart by their index; each begins with its name and goes on with its arguments.
export async function streamed_tools(model) {
  const asked = { model, messages: [user('Weather of Paris, Rome?')], tools: [WEATHER], stream: true };
  const [calls, reasons] = [[], []];
  for (const chunk of await all(await client().chat.completions.create(asked))) {
    for (const { delta, finish_reason } of chunk.choices) {
      if (finish_reason) reasons.push(finish_reason);
      for (const part of delta.tool_calls ?? []) {
        if (calls[part.index] === undefined) {
          assert.ok(part.id && part.function.name === 'weather', JSON.stringify(part));
          calls[part.index] = '';
        }
        calls[part.index] += part.function.arguments ?? '';
      }
    }
  }
  assert.deepEqual(calls.map((call) => JSON.parse(call)), [{ city: 'Paris' }, { city: 'Rome' }]);
  assert.deepEqual(reasons, ['tool_calls']);
}

const parameters = z.object({ city: z.string() });

// Arguments as an object of the caller's kind, whole and streamed.
export async function parsed_tools(model) {
  const tools = [zodFunction({ name: 'weather', parameters })];
  const asked = { model, messages: [user('Weather of Paris, Rome?')], tools };
  const whole = await client().chat.completions.parse(asked);
  const streamed = await client().chat.completions.stream(asked).finalChatCompletion();
  for (const { choices } of [whole, streamed]) {
    const parsed = choices[0].message.tool_calls.map((call) => call.function.parsed_arguments);
    assert.deepEqual(parsed, [{ city: 'Paris' }, { city: 'Rome' }]);
  }
}

// The package calls the functions itself and tells the model what they return, until it answers in words.
export async function tool_runner(model) {
  for (const stream of [false, true]) {
    const ours = zodFunction({ name: 'weather', parameters, function: ({ city }) => `${city}: sunny` });
    const asked = { model, messages: [user('Weather of Paris, Rome?')], tools: [ours], stream };
    const heard = await client().chat.completions.runTools(asked).finalContent();
    assert.equal(heard, 'I heard: Paris: sunny | Rome: sunny');
  }
}
