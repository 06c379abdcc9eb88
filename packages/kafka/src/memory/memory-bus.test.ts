import { busContract } from '../contract/bus-contract.ts';
import { freshName } from '../contract/harness.ts';
import { createMemoryBus } from './memory-bus.ts';

busContract('the memory bus', async () => {
  const bus = createMemoryBus();
  const away = createMemoryBus();
  away.setReachable(false);
  return {
    bus,
    peer: async () => bus.peer(),
    unreachable: async () => away,
    topic: async ({ partitions = 1, kind = 'work' } = {}) => ({
      name: freshName('topic'),
      kind,
      partitions,
      key: 'any',
      config: {},
    }),
    expire: async (topic, partition, before) => bus.expire(topic, partition, before),
    close: async () => {
      await Promise.all([bus.close({ drainMs: 0 }), away.close()]);
    },
  };
});
