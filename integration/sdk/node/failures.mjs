// Failures as the official package's exceptions, and what it tries again.

import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { ANSWER, all, client, raised, text, user } from './gateway.mjs';

function ask(model, options) {
  return () => client(options).chat.completions.create({ model, messages: [user()] });
}

export async function no_key(model) {
  let error = await raised(OpenAI.AuthenticationError, ask(model, { apiKey: 'th-nobody', maxRetries: 2 }));
  assert.deepEqual([error.status, error.code, error.type], [401, 'invalid_api_key', 'authentication_error']);
  const nothing = { authorization: null };
  error = await raised(OpenAI.AuthenticationError, ask(model, { defaultHeaders: nothing, maxRetries: 2 }));
  assert.deepEqual([error.status, error.code], [401, 'missing_api_key']);
}

export async function no_model(model) {
  const error = await raised(OpenAI.NotFoundError, ask(model, { maxRetries: 2 }));
  assert.deepEqual([error.status, error.code], [404, 'model_not_found']);
  await raised(OpenAI.NotFoundError, () => client().models.retrieve(model));
}

export async function no_surface(model) {
  const error = await raised(OpenAI.NotFoundError, () => client().moderations.create({ model, input: 'text' }));
  assert.ok(error.status === 404 && error.message, error.stack);
  await raised(OpenAI.NotFoundError, () => client().images.generate({ model, prompt: 'text' }));
}

// The provider refuses the request: its words reach the caller, and nobody tries again.
export async function bad_request(model) {
  const error = await raised(OpenAI.BadRequestError, ask(model, { maxRetries: 2 }));
  assert.deepEqual([error.status, error.type], [400, 'invalid_request_error']);
  assert.match(error.message, /No\./);
}

// Nobody can read this.
export async function bad_messages(model) {
  for (const messages of [[{ role: 'nobody', content: 'x' }], [{ role: 'user', content: 7 }]]) {
    const ours = client({ maxRetries: 2 });
    const error = await raised(OpenAI.BadRequestError, () => ours.chat.completions.create({ model, messages }));
    assert.ok(error.type === 'invalid_request_error' && error.message, error.stack);
  }
}

export async function rate_limit(model) {
  const error = await raised(OpenAI.RateLimitError, ask(model, { maxRetries: 2 }));
  assert.equal(error.status, 429);
  assert.match(error.message, /No\./);
}

// The package tries again, and has an answer.
export async function retried(model) {
  const answer = await ask(model, { maxRetries: 2 })();
  assert.equal(answer.choices[0].message.content, ANSWER);
}

export async function retried_stream(model) {
  const asked = { model, messages: [user()], stream: true };
  const stream = await client({ maxRetries: 2 }).chat.completions.create(asked);
  assert.equal(text(await all(stream)), ANSWER);
}

export async function server_error(model) {
  const error = await raised(OpenAI.InternalServerError, ask(model, { maxRetries: 1 }));
  assert.ok(error.status >= 500 && error.message, error.stack);
}

// A caller that does not wait, and tries again.
export async function impatient(model) {
  await raised(OpenAI.APIConnectionTimeoutError, ask(model, { timeout: 500, maxRetries: 1 }));
}
