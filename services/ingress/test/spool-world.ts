import {
  type EventAccepted,
  encodeEvent,
  eventId,
  topics,
  type WebhookReceived,
  workspaceId,
} from '@tidings/contracts';
import type { OutgoingRecord, Producer } from '@tidings/kafka';
import { createMetrics, type Metrics, silentLogger } from '@tidings/observability';
import { AppError, type Clock, systemClock } from '@tidings/runtime';
import type { StampedEvent } from '../src/domain/stamp-event.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import type { SpooledRecord } from '../src/spool/domain/spooled-record.ts';
import { Spool, type SpoolOptions } from '../src/spool/spool.ts';
import { SpoolDrainer } from '../src/spool/spool-drainer.ts';
import type { SpoolFiles } from '../src/spool/spool-files.ts';
import { SpoolingPublisher } from '../src/spool/spooling-publisher.ts';
import { Mortality } from './mortal-files.ts';

// No back-off is that long.
const limitsFromMs = 5_001;

/** Builds an event; its number is in its id and its data. */
export const anEvent = (number: number, orderingKey: string | null = null): StampedEvent => ({
  event: {
    id: eventId(`evt_${number.toString(16).padStart(32, '0')}`),
    callerId: null,
    workspaceId: workspaceId('ws_spool'),
    consumerId: null,
    eventType: 'order.paid',
    source: '/spool',
    time: '2026-11-22T10:00:00Z',
    orderingKey,
    traceparent: null,
    data: Buffer.from(JSON.stringify({ number, filler: 'x'.repeat(number % 40) })),
  } satisfies Omit<EventAccepted, 'type'>,
  isRepeatable: false,
});

/** Builds the record of an event. */
export const aRecord = (number: number, orderingKey: string | null = null): SpooledRecord => {
  const { event } = anEvent(number, orderingKey);
  const { key, headers } = encodeEvent(event, { isRepeatable: true });
  return { key, headers, value: event.data, timestampMs: 1_700_000_000_000 + number };
};

/** Returns the number of an event of {@link anEvent}. */
export const numberOf = ({ headers = {} }: Pick<OutgoingRecord, 'headers'>): number =>
  Number.parseInt((headers['ce_id'] ?? '').slice(-8), 16);

/** The log as a producer sees it: it can be away, and a run can end before or after it has taken something. */
export class MortalLog {
  readonly records: OutgoingRecord[] = [];
  readonly facts: WebhookReceived[] = [];
  isAway = false;
  /** Returns true for a record that it refuses for what it is. */
  refuses = (_record: OutgoingRecord): boolean => false;
  readonly #waiting = new Set<() => void>();

  /** Returns true for a record whose partition takes nothing. */
  isStuck = (_record: OutgoingRecord): boolean => false;

  /** Lets the log answer again, except for some records. */
  return(isStuck = (_record: OutgoingRecord): boolean => false): void {
    this.isAway = false;
    this.isStuck = isStuck;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  producer(life: Mortality): Pick<Producer, 'publishAll'> {
    return {
      publishAll: async (records, { deadlineMs, signal } = {}) => {
        life.step();
        const isWaiting = (): boolean => this.isAway || records.some((record) => this.isStuck(record));
        if (isWaiting() && deadlineMs !== undefined)
          throw new AppError({ code: 'unavailable', message: 'no answer' });
        while (isWaiting() && signal?.aborted !== true) {
          await new Promise<void>((resolve) => {
            this.#waiting.add(resolve);
            signal?.addEventListener('abort', () => resolve());
          });
        }
        if (signal?.aborted) throw new AppError({ code: 'closed', message: 'aborted' });
        if (records.some((record) => this.refuses(record)))
          throw new AppError({ code: 'unprocessable', message: 'refused' });
        life.step();
        this.records.push(...records);
        life.step();
        return records.map((_, at) => ({ topic: topics.events.name, partition: 0, offset: BigInt(at) }));
      },
    };
  }
}

/** A clock that does not wait between attempts: of its timers, those that limit an operation alone take their time. */
export const hastyClock: Clock = {
  ...systemClock,
  setTimer: (fn, delayMs) => systemClock.setTimer(fn, delayMs < limitsFromMs ? 0 : delayMs),
};

/** Metrics for a spool. */
const spoolMetrics = (): Metrics<typeof metricsCatalogue> =>
  createMetrics(metricsCatalogue, { service: 'ingress', nodeMetrics: false });

/** Opens a spool over files, with small segments, and a publisher and a drainer over it and the log. */
export async function openSpoolWorld(
  files: SpoolFiles,
  log: MortalLog,
  { life = new Mortality(), ...options }: Partial<SpoolOptions> & Readonly<{ life?: Mortality }> = {},
) {
  const metrics = spoolMetrics();
  const shared = { clock: options.clock ?? systemClock, logger: silentLogger };
  const spool = await Spool.open({
    ...{ files, maxBytes: 1_000_000, segmentBytes: 1_000, metrics: metrics.handles },
    ...shared,
    ...options,
  });
  const producer = log.producer(life);
  const toLog = async (events: readonly StampedEvent[]) => {
    const records = events.map(({ event }) => ({
      topic: topics.events,
      ...encodeEvent(event, { isRepeatable: false }),
    }));
    await producer.publishAll(records, { deadlineMs: 1 });
    return 'log' as const;
  };
  const publisher = new SpoolingPublisher({
    publish: toLog,
    producer,
    spool,
    patienceMs: 1,
    clock: systemClock,
  });
  const writeFacts = async (facts: readonly WebhookReceived[]): Promise<void> => {
    life.step();
    log.facts.push(...facts);
    life.step();
  };
  const startDraining = () =>
    new SpoolDrainer({
      spool,
      producer,
      ...shared,
      onAcknowledged: (lane) => publisher.acknowledged(lane),
      writeFacts,
    });
  return {
    spool,
    publisher,
    startDraining,
    metric: async (name: string) => valueIn(await metrics.text(), name),
  };
}

/** Returns the value of the only series of a metric; 0 if there is none. */
const valueIn = (text: string, name: string): number => {
  const line = text.split('\n').find((one) => one.startsWith(`${name}{`) || one.startsWith(`${name} `));
  return Number(line?.split(' ').at(-1) ?? 0);
};
