// Runs functions of these scripts for each model: `run.mjs plain,streamed openai/gpt-5-mini`.
//
// Where the gateway is and the key are in the environment, under the names that the official package reads by itself.

import * as aimock from './aimock.mjs';
import * as content from './content.mjs';
import * as failures from './failures.mjs';
import * as streams from './streams.mjs';
import * as tools from './tools.mjs';

const functions = { ...aimock, ...content, ...failures, ...streams, ...tools };

const [names, ...models] = process.argv.slice(2);
for (const name of names.split(',')) {
  for (const model of models) {
    console.log(`${name}('${model}')`);
    // Nothing here takes so long.
    const watch = setTimeout(() => {
      console.error('hangs');
      process.exit(1);
    }, 90_000);
    await functions[name](model);
    clearTimeout(watch);
  }
}
