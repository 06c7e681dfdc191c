// Clients of the gateway, and what the providers behind it do.

import assert from 'node:assert/strict';

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

// Providers answer this so, and count so.
export const PROMPT = 'Say hello.';
export const ANSWER = 'You said: Say hello.';
export const USAGE = [11, 7, 18];

// The official client. A failure is seen, not tried again, unless a test asks for it.
export function client(options = {}) {
  return new OpenAI({ maxRetries: 0, timeout: 30_000, ...options });
}

export function anthropicClient(options = {}) {
  return new Anthropic({ maxRetries: 0, timeout: 30_000, ...options });
}

export function user(content = PROMPT) {
  return { role: 'user', content };
}

export function count(usage) {
  return [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
}

// Does the provider of this model count tokens? The mock of Ollama does not.
export function counts(model) {
  return !model.startsWith('ollama');
}

export async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

export function text(chunks) {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
}

// The exception of exactly this class that the call ends with.
export async function raised(kind, call) {
  let result;
  try {
    result = await call();
  } catch (error) {
    assert.equal(error.constructor, kind, `${error.constructor.name} instead of ${kind.name}: ${error.stack}`);
    return error;
  }
  assert.fail(`no ${kind.name} but ${JSON.stringify(result)}`);
}
