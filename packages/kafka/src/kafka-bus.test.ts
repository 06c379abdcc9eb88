import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { topics } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { expect, it, vi } from 'vitest';
import { connectKafka } from './kafka-bus.ts';

it('keeps nothing of a table that was closed before the bus', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // Nothing listens on this port: a table is opened and closed without brokers as well.
  const bus = await connectKafka({ brokers: ['127.0.0.1:9'], clientId: 'test', logger: silentLogger });
  const openAndClose = async () => {
    const decode = () => ({ key: 'a', version: 1, value: 1 });
    const table = await bus.table({ topic: topics.access, service: 'test', decode });
    await table.close();
    return new WeakRef(table);
  };
  const closed = await openAndClose();
  await vi.waitFor(
    () => {
      collectGarbage();
      // A failed assertion about the table itself would keep it.
      expect(closed.deref() === undefined).toBe(true);
    },
    { timeout: 15_000 },
  );
  await bus.close();
});
