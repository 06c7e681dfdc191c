// Against `@copilotkit/aimock`, whose failures nobody here wrote.

import assert from 'node:assert/strict';

import OpenAI from 'openai';

import { ANSWER, all, client, raised, text, user } from './gateway.mjs';

async function ask(ours, model, stream, content) {
  const answer = await ours.chat.completions.create({ model, messages: [user(content)], stream });
  return stream ? text(await all(answer)) : answer.choices[0].message.content;
}

// Every request is answered, and well, whatever the first target does.
export async function answered(model) {
  const ours = client();
  const asked = Array.from({ length: 20 }, (_, number) => ask(ours, model, number % 2 === 0));
  assert.deepEqual(await Promise.all(asked), Array(20).fill(ANSWER));
}

// Without another target a failure is a failure, with a status and a word for it.
export async function lone(model) {
  for (const stream of [false, true]) {
    let answer;
    try {
      answer = await ask(client(), model, stream);
    } catch (error) {
      assert.ok(error instanceof OpenAI.APIError && error.code && error.error?.message, error.stack);
      assert.ok(error.status === 429 || error.status >= 500, error.stack);
      console.log(`  stream=${stream}: ${error.constructor.name} ${error.code}: ${error.message}`);
      continue;
    }
    assert.fail(`an answer: ${answer}`);
  }
}

// With enough patience the package gets through what fails now and then.
export async function stubborn(model) {
  for (const stream of [false, true]) {
    assert.equal(await ask(client({ maxRetries: 10 }), model, stream), ANSWER);
  }
}

// A request that no fixture knows: the provider's 404 is not the gateway's.
export async function refused_by_mock(model) {
  const error = await raised(OpenAI.NotFoundError, () => ask(client(), model, false, 'Nobody taught it this.'));
  assert.match(error.message, /No fixture matched/);
}

// Thinking beside the answer does not get into it.
export async function reasoning(model) {
  for (const stream of [false, true]) assert.equal(await ask(client(), model, stream, 'Think hard.'), 'Thought.');
}
