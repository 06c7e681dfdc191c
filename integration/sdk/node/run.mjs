// Runs one function of these scripts for each model: `run.mjs plain openai/gpt-5-mini`.
//
// Where the gateway is and the key are in the environment, under the names that the official package reads by itself.

import * as aimock from './aimock.mjs';
import * as content from './content.mjs';
import * as failures from './failures.mjs';
import * as streams from './streams.mjs';
import * as tools from './tools.mjs';

const [name, ...models] = process.argv.slice(2);
const run = { ...aimock, ...content, ...failures, ...streams, ...tools }[name];
if (!run) {
  console.error(`no function ${name}`);
  process.exit(1);
}

let now = '';
// Nothing here takes so long.
setTimeout(() => {
  console.error(`${now} hangs`);
  process.exit(1);
}, 90_000).unref();

for (const model of models) {
  now = `${name}('${model}')`;
  console.log(now);
  await run(model);
}
