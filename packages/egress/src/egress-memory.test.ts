import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually, type MisbehaviourName, misbehaviours, startHostileServer } from '@tidings/testing';
import { expect, onTestFinished, test } from 'vitest';
import { aRequest, openEgress } from './egress-under-test.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

// A body or a header kept of each would be 16 KiB times this.
const requests = 60;
const atOnce = 20;
const boundBytes = 600 * 1_024;

const used = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

test.each(Object.keys(misbehaviours) as MisbehaviourName[])(
  'sixty requests to an endpoint of the kind %s leave memory and sockets as they were',
  { timeout: 30_000 },
  async (behave) => {
    const server = await startHostileServer({ behave, cleanUp: onTestFinished });
    const egress = openEgress();
    const round = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent += atOnce) {
        await Promise.all(
          Array.from({ length: atOnce }, () => egress.send(aRequest(server.url, { timeoutMs: 200 }))),
        );
      }
      await eventually(() => expect(server.open()).toBe(egress.stats().idle), { everyMs: 5 });
    };
    await round(2 * atOnce);
    const before = used();
    await round(requests);
    await eventually(() => expect(used() - before).toBeLessThan(boundBytes), { everyMs: 50 });
  },
);
