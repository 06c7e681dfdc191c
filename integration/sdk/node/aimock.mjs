// Against `@copilotkit/aimock`, whose failures nobody here wrote. Each function is for every caller.

import assert from 'node:assert/strict';

import { ask, askStream } from './failures.mjs';
import { ANSWER, all, raised } from './gateway.mjs';

// Every request is answered, and well, whatever the first target does.
export async function answered(caller, model) {
  const asked = Array.from({ length: 10 }, (_, number) => (number % 2 ? ask : askStream)(caller, model)());
  assert.deepEqual(await Promise.all(asked), Array(10).fill(ANSWER));
}

// Without another target a failure is a failure, with a status and a word for it.
export async function lone(caller, model) {
  for (const way of [ask, askStream]) {
    let answer;
    try {
      answer = await way(caller, model)();
    } catch (error) {
      assert.ok(error instanceof caller.package.APIError && caller.word(error), error.stack);
      assert.ok(error.status === 429 || error.status >= 500, error.stack);
      console.log(`  ${way.name}: ${error.constructor.name} ${caller.word(error)}: ${error.message}`);
      continue;
    }
    assert.fail(`an answer: ${answer}`);
  }
}

// With enough patience the package gets through what fails now and then.
export async function stubborn(caller, model) {
  for (const way of [ask, askStream]) assert.equal(await way(caller, model, { maxRetries: 10 })(), ANSWER);
}

// A request that no fixture knows: the provider's 404 is not the gateway's.
export async function refused_by_mock(caller, model) {
  const unknown = () => caller.plain(caller.client(), model, 'Nobody taught it this.');
  const error = await raised(caller.package.NotFoundError, unknown);
  assert.match(error.message, /No fixture matched/);
}

// Thinking beside the answer does not get into it.
export async function reasoning(caller, model) {
  assert.equal(await caller.plain(caller.client(), model, 'Think hard.'), 'Thought.');
  assert.equal((await all(caller.pieces(caller.client(), model, 'Think hard.'))).join(''), 'Thought.');
}
