import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@tidings/testing';
import { expect, inject, it, onTestFinished } from 'vitest';
import { expectReceives } from './harness/receiver-example.ts';
import { sharedTidings } from './harness/shared-tidings.ts';

const example = (name: string): string => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));

it.each([
  ['node', 'node/receive.mjs'],
  ['node_sdk', 'node/receive-with-sdk.mjs'],
])('the receiver %s processes each webhook once, and refuses what is not genuine', async (name, file) => {
  const commands = () => [[process.execPath, file] as const];
  await expectReceives(await sharedTidings(), { name, commands });
});

it('receive.mjs subscribes, prints what publish.mjs publishes, and removes its subscription', async () => {
  const env = { ...process.env, TIDINGS_DATA: inject('sharedTidings') };
  const receiver = spawn(process.execPath, [example('receive.mjs')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void receiver.kill('SIGKILL'));
  let printed = '';
  receiver.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await eventually(() => expect(printed).toMatch(/^sub_\w+ listens for example\.\*/));
  const { stdout } = await promisify(execFile)(process.execPath, [example('publish.mjs')], { env });
  expect(stdout).toMatch(/^accepted as evt_\w+\n$/);
  await eventually(() =>
    expect(printed).toMatch(/^dlv_\w+ example\.order\.paid \{ order: 17, total: '12\.50' \}$/m),
  );
  const ended = new Promise((resolve) => receiver.once('exit', resolve));
  receiver.kill('SIGINT');
  expect(await ended).toBe(0);
});
