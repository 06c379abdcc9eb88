import { expect, it, onTestFinished } from 'vitest';
import { expectDirectEvents } from '../harness/direct-producer.ts';
import { startTidings } from '../harness/tidings.ts';

it('a Kafka client in Python writes events in both modes, and what is wrong goes to the dead letters', async () => {
  // deploy/ops/producer-tests.mjs installs the client.
  const program = process.env['TEST_PYTHON'];
  if (program === undefined) throw new Error('TEST_PYTHON is not set: run npm run test:ops.');
  const tidings = await startTidings();
  onTestFinished(async () => void (await tidings.stop()));
  await expectDirectEvents(await tidings.local(), {
    ...{ program, file: 'direct-producer.py', dataDir: tidings.dataDir },
  });
  expect(tidings.process.exitCode).toBeNull();
});
