import { inject, it } from 'vitest';
import { expectDirectEvents } from '../harness/direct-producer.ts';
import { sharedTidings } from '../harness/shared-tidings.ts';

it('a Kafka client in Python writes events in both modes, and what is wrong goes to the dead letters', async () => {
  // deploy/ops/example-tests.mjs installs the client.
  const program = process.env['TEST_PYTHON'];
  if (program === undefined) throw new Error('TEST_PYTHON is not set: run npm run test:ops.');
  const dataDir = inject('sharedTidings');
  await expectDirectEvents(await sharedTidings(), { program, file: 'direct-producer.py', dataDir });
});
