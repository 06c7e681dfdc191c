// What passes to providers of OpenAI's API.

import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import OpenAI, { toFile } from 'openai';

import { USAGE, client, raised } from './gateway.mjs';

const SOUND = Buffer.from(Array.from({ length: 256_000 }, (_, at) => at % 256));
const LINES = Buffer.from('{"custom_id":"1"}\n');
const BATCH = { input_file_id: 'file-up', endpoint: '/v1/chat/completions', completion_window: '24h' };

export async function images(model) {
  const { data, usage } = await client().images.generate({ model, prompt: 'A cat.', n: 2, size: '1024x1024' });
  assert.deepEqual(data.map((image) => Buffer.from(image.b64_json, 'base64').toString()), ['A cat.', 'A cat.']);
  assert.deepEqual([usage.input_tokens, usage.output_tokens, usage.total_tokens], USAGE);
}

// Large enough for several pieces of a body.
async function transcribe(model) {
  const asked = { file: await toFile(SOUND, 'talk.mp3'), model, language: 'en' };
  return client().audio.transcriptions.create(asked);
}

export async function transcription(model) {
  const { text, usage } = await transcribe(model);
  assert.equal(text, `talk.mp3 of ${SOUND.length} bytes in en`);
  assert.deepEqual([usage.input_tokens, usage.output_tokens], USAGE.slice(0, 2));
}

// Whole, and streamed into a file.
export async function speech(model) {
  const asked = { model, voice: 'alloy', input: 'Hello.' };
  const whole = await client().audio.speech.create(asked);
  assert.ok(Buffer.from(await whole.arrayBuffer()).equals(SOUND));
  const folder = await mkdtemp(join(tmpdir(), 'speech-'));
  try {
    const path = join(folder, 'speech.mp3');
    const answer = await client().audio.speech.create(asked);
    assert.equal(answer.headers.get('content-type'), 'audio/mpeg');
    await pipeline(answer.body, createWriteStream(path));
    assert.ok((await readFile(path)).equals(SOUND));
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function moderations(model) {
  const { results } = await client().moderations.create({ model, input: ['good', 'bad'] });
  assert.deepEqual(results.map((one) => [one.flagged, one.category_scores.violence]), [[false, 0], [true, 1]]);
}

async function upload() {
  return client().files.create({ file: await toFile(LINES, 'lines.jsonl'), purpose: 'batch' });
}

export async function files() {
  const made = await upload();
  const { id, filename, bytes, purpose } = made;
  assert.deepEqual([id, filename, bytes, purpose], ['file-up', 'lines.jsonl', LINES.length, 'batch']);
  assert.deepEqual(await client().files.retrieve(id), made);
  const content = await client().files.content(id);
  assert.equal(await content.text(), LINES.toString());
  const batch = await client().batches.create(BATCH);
  assert.deepEqual([batch.object, batch.input_file_id, batch.endpoint], ['batch', id, BATCH.endpoint]);
}

// A key that may use little has no files, and models in forms are models.
export async function denied(model) {
  const ours = client();
  for (const call of [
    upload,
    () => ours.files.retrieve('file-up'),
    () => ours.files.content('file-up'),
    () => ours.batches.create(BATCH),
  ]) {
    const error = await raised(OpenAI.PermissionDeniedError, call);
    assert.deepEqual([error.status, error.code], [403, 'files_not_allowed'], error.stack);
  }
  const error = await raised(OpenAI.NotFoundError, () => transcribe(model));
  assert.equal(error.code, 'model_not_found', error.stack);
}
