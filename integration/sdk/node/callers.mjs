// What is the same for every API of callers: a question, and a text that answers it, plain or streamed.

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

import { PROMPT, anthropicClient, client, user } from './gateway.mjs';

const chat = {
  package: OpenAI,
  client,
  async plain(ours, model, content = PROMPT) {
    return (await ours.chat.completions.create({ model, messages: [user(content)] })).choices[0].message.content;
  },
  async *pieces(ours, model, content = PROMPT) {
    const stream = await ours.chat.completions.create({ model, messages: [user(content)], stream: true });
    for await (const { choices } of stream) yield choices[0]?.delta.content ?? '';
  },
  // The word for programs in the error.
  word: (error) => error.error?.message && error.code,
};

const responses = {
  ...chat,
  async plain(ours, model, input = PROMPT) {
    return (await ours.responses.create({ model, input })).output_text;
  },
  async *pieces(ours, model, input = PROMPT) {
    for await (const event of await ours.responses.create({ model, input, stream: true })) {
      if (event.type === 'response.output_text.delta') yield event.delta;
    }
  },
};

const messages = {
  package: Anthropic,
  client: anthropicClient,
  async plain(ours, model, content = PROMPT) {
    const answer = await ours.messages.create({ model, max_tokens: 100, messages: [user(content)] });
    return answer.content.map((block) => block.text ?? '').join('');
  },
  async *pieces(ours, model, content = PROMPT) {
    const asked = { model, max_tokens: 100, messages: [user(content)], stream: true };
    for await (const event of await ours.messages.create(asked)) {
      if (event.delta?.type === 'text_delta') yield event.delta.text;
    }
  },
  word: (error) => error.error?.error?.message && error.error.error.type,
};

const completions = {
  ...chat,
  async plain(ours, model, prompt = PROMPT) {
    return (await ours.completions.create({ model, prompt })).choices[0].text;
  },
  async *pieces(ours, model, prompt = PROMPT) {
    for await (const { choices } of await ours.completions.create({ model, prompt, stream: true })) yield choices[0]?.text ?? '';
  },
};

export const CALLERS = { chat, responses, messages, completions };
