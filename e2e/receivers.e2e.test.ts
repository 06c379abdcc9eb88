import { it } from 'vitest';
import { expectReceives } from './harness/receiver-example.ts';
import { sharedTidings } from './harness/shared-tidings.ts';

it.each([
  ['node', 'node/receive.mjs'],
  ['node_sdk', 'node/receive-with-sdk.mjs'],
])('the receiver %s processes each webhook once, and refuses what is not genuine', async (name, file) => {
  const commands = () => [[process.execPath, file] as const];
  await expectReceives(await sharedTidings(), { name, commands });
});
