// Failures as the official packages' exceptions, and what they try again. Each function is for every caller.

import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { ANSWER, all, raised } from './gateway.mjs';

export function ask(caller, model, options) {
  return () => caller.plain(caller.client(options), model);
}

export function askStream(caller, model, options) {
  return async () => (await all(caller.pieces(caller.client(options), model))).join('');
}

export async function no_key(caller, model) {
  const isOpenAi = caller.package === OpenAI;
  const [wrong, missing] = isOpenAi ? ['invalid_api_key', 'missing_api_key'] : Array(2).fill('authentication_error');
  const kind = caller.package.AuthenticationError;
  let error = await raised(kind, ask(caller, model, { apiKey: 'th-nobody', maxRetries: 2 }));
  assert.deepEqual([error.status, caller.word(error)], [401, wrong]);
  const nothing = { authorization: null, 'x-api-key': null };
  error = await raised(kind, ask(caller, model, { defaultHeaders: nothing, maxRetries: 2 }));
  assert.deepEqual([error.status, caller.word(error)], [401, missing]);
}

export async function no_model(caller, model) {
  const error = await raised(caller.package.NotFoundError, ask(caller, model, { maxRetries: 2 }));
  assert.equal(caller.word(error), caller.package === OpenAI ? 'model_not_found' : 'not_found_error');
  await raised(caller.package.NotFoundError, () => caller.client().models.retrieve(model));
}

// The provider refuses the request: its words reach the caller, and nobody tries again.
export async function bad_request(caller, model) {
  const error = await raised(caller.package.BadRequestError, ask(caller, model, { maxRetries: 2 }));
  assert.deepEqual([error.status, error.type], [400, 'invalid_request_error']);
  assert.match(error.message, /No\./);
}

export async function rate_limit(caller, model) {
  const error = await raised(caller.package.RateLimitError, ask(caller, model, { maxRetries: 2 }));
  assert.equal(error.status, 429);
  assert.match(error.message, /No\./);
}

// The package tries again, and has an answer.
export async function retried(caller, model) {
  assert.equal(await ask(caller, model, { maxRetries: 2 })(), ANSWER);
}

export async function retried_stream(caller, model) {
  assert.equal(await askStream(caller, model, { maxRetries: 2 })(), ANSWER);
}

export async function server_error(caller, model) {
  const error = await raised(caller.package.InternalServerError, ask(caller, model, { maxRetries: 1 }));
  assert.ok(error.status >= 500 && error.message, error.stack);
}

// A caller that does not wait, and tries again.
export async function impatient(caller, model) {
  await raised(caller.package.APIConnectionTimeoutError, ask(caller, model, { timeout: 500, maxRetries: 1 }));
}

// The failure is told in the stream, after its first word, which is not lost.
export async function error_in_stream(caller, model) {
  let heard = '';
  try {
    for await (const piece of caller.pieces(caller.client({ maxRetries: 2 }), model)) heard += piece;
  } catch (error) {
    assert.ok(error instanceof caller.package.APIError, error.stack);
    assert.ok(!(error instanceof caller.package.APIConnectionError), error.stack);
    assert.ok(error.message && caller.word(error), error.stack);
    assert.equal(heard, 'Say');
    return;
  }
  assert.fail(`no failure but ${heard}`);
}
