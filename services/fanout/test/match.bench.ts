import { type ConsumerId, consumerId, subscriptionId, workspaceId } from '@tidings/contracts';
import { compileFilter } from '@tidings/filters';
import { DedupeWindows } from '../src/domain/dedupe-windows.ts';
import { MatchIndex } from '../src/domain/match-index.ts';
import { handleEventAccepted } from '../src/handle-event-accepted.ts';
import { anEvent, aSubscription } from './builders.ts';

// node services/fanout/dist/test/match.bench.js: cost of one event with 10,000 subscriptions in its workspace.

const subscriptions = 10_000;
const filtered = 1_000;
const data = Buffer.from(
  JSON.stringify({
    total: 12,
    status: 'paid',
    items: Array.from({ length: 8 }, (_, n) => ({ sku: `A-${n}`, n })),
  }),
);

type Shape = Readonly<{ title: string; events: (n: number) => string[]; filters?: object; rounds: number }>;

const shapes: readonly Shape[] = [
  { title: 'none fits', events: (n) => [`type${n % 500}.created`, `group${n % 50}.*`], rounds: 20_000 },
  {
    title: '1 in 100 fits by name',
    events: (n) => [n % 100 === 0 ? 'order.*' : `type${n % 500}.created`],
    rounds: 2_000,
  },
  {
    title: `${filtered} fit by name, and each has a filter that lets nothing through`,
    events: (n) => (n < filtered ? ['*'] : [`type${n % 500}.created`]),
    filters: { total: { $gte: 100 }, 'items.sku': { $prefix: 'A-' } },
    rounds: 1_000,
  },
  { title: 'all fit: 10,000 commands', events: () => ['order.*'], rounds: 20 },
];

const measure = ({ title, events, filters, rounds }: Shape): void => {
  const index = new MatchIndex(compileFilter);
  for (let n = 0; n < subscriptions; n += 1) {
    const owner: ConsumerId = consumerId(`consumer-${n % 700}`);
    const hasFilter = filters !== undefined && n < filtered;
    index.put(
      aSubscription({
        id: subscriptionId(`sub_${n}`),
        workspaceId: workspaceId('ws_demo'),
        consumerId: owner,
        events: events(n),
        filters: hasFilter ? (filters as Readonly<Record<string, unknown>>) : null,
      }),
    );
  }
  const window = new DedupeWindows({
    published: { windowMs: 600_000, maxRecords: 100_000 },
    received: { windowMs: 600_000, maxRecords: 100_000 },
  });
  const parts = {
    index,
    childTraceparent: () => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    maxDataBytes: 900_000,
  };
  let offset = 0;
  let matched = 0;
  const run = (count: number): void => {
    for (let n = 0; n < count; n += 1) {
      offset += 1;
      const logged = { event: anEvent(offset, { data }), offset, timestampMs: 1_790_000_000_000 };
      const result = handleEventAccepted(parts, logged, window);
      matched = result.outcome === 'fanned-out' ? result.matched.map(result.request).length : 0;
    }
  };
  run(Math.ceil(rounds / 5));
  const beganMs = performance.now();
  run(rounds);
  const microseconds = ((performance.now() - beganMs) * 1_000) / rounds;
  console.info(`${title}: ${matched} matched, ${microseconds.toFixed(1)} µs an event`);
};

for (const shape of shapes) measure(shape);
