// Runs functions of these scripts, each for a model: `run.mjs plain=openai/gpt-5-mini messages.streamed=openai/gpt-5-mini`.
//
// A name without a caller is of chat. Where the gateway is and the key are in the environment, under the names that the
// official packages read by themselves.

import * as aimock from './aimock.mjs';
import { CALLERS } from './callers.mjs';
import * as completions from './completions.mjs';
import * as content from './content.mjs';
import * as embeddings from './embeddings.mjs';
import * as failures from './failures.mjs';
import * as messages from './messages.mjs';
import * as passing from './passing.mjs';
import * as responses from './responses.mjs';
import * as streams from './streams.mjs';
import * as tools from './tools.mjs';
import * as vercel from './vercel.mjs';

const chat = { ...content, ...streams, ...tools };
const own = { chat, completions, embeddings, messages, passing, responses, vercel };
const common = { ...failures, ...aimock };

for (const asked of process.argv.slice(2)) {
  const [, caller = 'chat', name, model] = /^(?:(\w+)\.)?(\w+)=(.*)$/.exec(asked);
  console.log(asked);
  // Nothing here takes so long.
  const watch = setTimeout(() => {
    console.error('hangs');
    process.exit(1);
  }, 90_000);
  try {
    await (own[caller][name]?.(model) ?? common[name](CALLERS[caller], model));
  } catch (error) {
    console.log(error);
    process.exitCode = 1;
  }
  clearTimeout(watch);
}
