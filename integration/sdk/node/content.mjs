// Plain answers.

import assert from 'node:assert/strict';

import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

import { ANSWER, USAGE, all, client, count, counts, raised, text, user } from './gateway.mjs';

export async function plain(model) {
  const answer = await client().chat.completions.create({ model, messages: [user()] });
  assert.equal(answer.object, 'chat.completion');
  assert.ok(answer.id && answer.created > 1_600_000_000 && answer.model, JSON.stringify(answer));
  assert.equal(answer.choices.length, 1);
  const [{ index, finish_reason, message }] = answer.choices;
  assert.deepEqual([index, finish_reason, message.role, message.content], [0, 'stop', 'assistant', ANSWER]);
  assert.equal(message.tool_calls?.length ?? 0, 0);
  if (counts(model)) assert.deepEqual(count(answer.usage), USAGE);
}

// Who said what stays so, and parts of text are one text.
export async function conversation(model) {
  const answer = await client().chat.completions.create({
    model,
    messages: [
      { role: 'system', content: 'Be brief.' },
      user('Who are you?'),
      { role: 'assistant', content: 'A model.' },
      user([
        { type: 'text', text: 'Say ' },
        { type: 'text', text: 'hello.' },
      ]),
    ],
    max_completion_tokens: 100,
    temperature: 0.5,
    stop: ['END'],
  });
  assert.equal(answer.choices[0].message.content, `(Be brief.) ${ANSWER}`);
}

// The package shows the id that the gateway's records have.
export async function headers(model) {
  const asked = client().chat.completions.create({ model, messages: [user()] });
  const { data, response, request_id } = await asked.withResponse();
  assert.equal(data.choices[0].message.content, ANSWER);
  assert.match(response.headers.get('content-type'), /^application\/json/);
  assert.ok(request_id);
  assert.deepEqual([data._request_id, request_id], [request_id, response.headers.get('x-request-id')]);
}

// Many requests at a time on few connections.
export async function many(model) {
  const ours = client();
  const one = async (_, number) => {
    const messages = [user(`Number ${number}.`)];
    const answer =
      number % 2
        ? (await ours.chat.completions.create({ model, messages })).choices[0].message.content
        : text(await all(await ours.chat.completions.create({ model, messages, stream: true })));
    assert.equal(answer, `You said: Number ${number}.`);
  };
  await Promise.all(Array.from({ length: 60 }, one));
}

export const City = z.object({
  name: z.string(),
  population: z.int(),
  climate: z.enum(['mild', 'cold']),
  districts: z.array(z.object({ name: z.string() })),
});
export const PARIS = { name: 'word', population: 7, climate: 'mild', districts: [{ name: 'word' }] };

function description(model) {
  return { model, messages: [user('Describe Paris.')], response_format: zodResponseFormat(City, 'City') };
}

export async function structured(model) {
  const answer = await client().chat.completions.parse(description(model));
  assert.deepEqual(answer.choices[0].message.parsed, PARIS);
}

export async function structured_stream(model) {
  const answer = await client().chat.completions.stream(description(model)).finalChatCompletion();
  assert.deepEqual(answer.choices[0].message.parsed, PARIS);
}

// The list is what the key may use; names are separated by commas.
export async function models(expected) {
  const listed = (await all(client().models.list())).map((model) => model.id);
  assert.deepEqual(listed, expected.split(','));
  for (const name of listed) {
    const model = await client().models.retrieve(name);
    assert.deepEqual([model.id, model.object], [name, 'model']);
  }
}

// A key comes as the package's own, as the answer to a question, or in a header of another API.
export async function keys(model) {
  const key = process.env.OPENAI_API_KEY;
  for (const options of [
    { apiKey: key },
    { apiKey: async () => key },
    { apiKey: 'none', defaultHeaders: { authorization: null, 'x-api-key': key } },
    { apiKey: 'none', defaultHeaders: { authorization: null, 'api-key': key } },
  ]) {
    const answer = await client(options).chat.completions.create({ model, messages: [user()] });
    assert.equal(answer.choices[0].message.content, ANSWER);
  }
}

export async function no_surface(model) {
  const asked = { model, training_file: 'file-1' };
  const error = await raised(OpenAI.NotFoundError, () => client().fineTuning.jobs.create(asked));
  assert.ok(error.status === 404 && error.message, error.stack);
  await raised(OpenAI.NotFoundError, () => client().vectorStores.list());
}

// Nobody can read this.
export async function bad_messages(model) {
  for (const messages of [[{ role: 'nobody', content: 'x' }], [{ role: 'user', content: 7 }]]) {
    const ours = client({ maxRetries: 2 });
    const error = await raised(OpenAI.BadRequestError, () => ours.chat.completions.create({ model, messages }));
    assert.ok(error.type === 'invalid_request_error' && error.message, error.stack);
  }
}
