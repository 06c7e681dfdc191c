// Vercel's `ai`, by each of its packages for APIs that the gateway serves.

import assert from 'node:assert/strict';

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, embed, embedMany, generateObject, generateText, stepCountIs, streamObject, streamText, tool as define } from 'ai';
import { z } from 'zod';

import { City, PARIS } from './content.mjs';
import { TEXTS, VECTORS } from './embeddings.mjs';
import { ANSWER, PROMPT, USAGE, all, counts } from './gateway.mjs';

const { OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: apiKey } = process.env;
const compatible = { name: 'gateway', baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true };

// The same model by each package.
function packages(model) {
  const openai = createOpenAI({ baseURL, apiKey });
  return [
    openai.chat(model),
    openai.responses(model),
    createAnthropic({ baseURL, apiKey })(model),
    createOpenAICompatible(compatible)(model),
  ];
}

// Runs a check with each.
function each(check) {
  return async (model) => {
    for (const by of packages(model)) {
      try {
        await check({ model: by, maxRetries: 0 }, model);
      } catch (error) {
        throw new Error(`by ${by.provider}`, { cause: error });
      }
    }
  };
}

function count({ inputTokens, outputTokens, totalTokens }) {
  return [inputTokens, outputTokens, totalTokens];
}

export const plain = each(async (by, model) => {
  const { text, finishReason, usage } = await generateText({ ...by, prompt: PROMPT });
  assert.deepEqual([text, finishReason], [ANSWER, 'stop']);
  if (counts(model)) assert.deepEqual(count(usage), USAGE);
});

export const streamed = each(async (by, model) => {
  const stream = streamText({ ...by, prompt: PROMPT });
  const parts = await all(stream.fullStream);
  const texts = parts.filter((part) => part.type === 'text-delta').map((part) => part.text);
  assert.equal(texts.join(''), ANSWER);
  assert.ok(texts.length > 1, JSON.stringify(parts));
  assert.equal(await stream.finishReason, 'stop');
  if (counts(model)) assert.deepEqual(count(await stream.usage), USAGE);
});

const tools = {
  weather: define({
    description: 'Tells the weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }) => `${city}: sunny`,
  }),
};

// Two steps: the package calls the functions itself and tells the model what they return.
export const steps = each(async (by) => {
  const asked = { ...by, tools, stopWhen: stepCountIs(3), prompt: 'Weather of Paris, Rome?' };
  const whole = await generateText(asked);
  const stream = streamText(asked);
  await stream.consumeStream();
  for (const [text, taken] of [[whole.text, whole.steps], [await stream.text, await stream.steps]]) {
    assert.equal(text, 'I heard: Paris: sunny | Rome: sunny');
    assert.deepEqual(taken.map((step) => step.finishReason), ['tool-calls', 'stop']);
    assert.deepEqual(taken[0].toolCalls.map((call) => call.input.city), ['Paris', 'Rome']);
  }
});

export const structured = each(async (by) => {
  const asked = { ...by, prompt: 'Describe Paris.' };
  const output = Output.object({ schema: City });
  assert.deepEqual((await generateText({ ...asked, output })).output, PARIS);
  assert.deepEqual((await generateObject({ ...asked, schema: City })).object, PARIS);
  const stream = streamObject({ ...asked, schema: City });
  assert.deepEqual((await all(stream.partialObjectStream)).at(-1), PARIS);
});

export const refused = each(async (by) => {
  const unknown = generateText({ ...by, prompt: 'Nobody taught it this.' });
  await assert.rejects(unknown, (error) => {
    assert.ok(APICallError.isInstance(error), error.stack);
    assert.deepEqual([error.statusCode, error.isRetryable], [404, false]);
    assert.match(error.message, /No fixture matched/);
    return true;
  });
});

// Vectors, by the packages that ask for them.
export async function vectors(name) {
  for (const by of [createOpenAI(compatible), createOpenAICompatible(compatible)]) {
    const asked = { model: by.embeddingModel(name), maxRetries: 0 };
    const one = await embed({ ...asked, value: TEXTS[0] });
    const many = await embedMany({ ...asked, values: TEXTS });
    assert.deepEqual([one.embedding, many.embeddings], [VECTORS[0], VECTORS]);
    assert.deepEqual([one.usage.tokens, many.usage.tokens], [USAGE[0], USAGE[0]]);
  }
}

// A failure inside a stream is a part of it, after what was said before.
export const error_in_stream = each(async (by) => {
  const parts = await all(streamText({ ...by, prompt: PROMPT, onError() {} }).fullStream);
  const heard = parts.filter((part) => part.type === 'text-delta').map((part) => part.text);
  assert.equal(heard.join(''), 'Say');
  assert.ok(parts.some((part) => part.type === 'error'), JSON.stringify(parts));
});
