import { inject, it } from 'vitest';
import { expectDirectEvents } from './harness/direct-producer.ts';
import { sharedTidings } from './harness/shared-tidings.ts';

it('a Kafka client in Node writes events in both modes, and what is wrong goes to the dead letters', async () => {
  const dataDir = inject('sharedTidings');
  await expectDirectEvents(await sharedTidings(), {
    ...{ program: process.execPath, file: 'direct-producer.mjs', dataDir },
  });
});
