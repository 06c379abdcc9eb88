import {
  callerTextRule,
  consumerIdRule,
  eventTypeNameMaxLength,
  eventTypeNamePattern,
  isReservedEventType,
} from '@tidings/contracts';
import type { Member } from '@tidings/json';
import { normaliseTime } from './rfc3339.ts';

/** What a caller may say about an event. `data` is any JSON; its bytes travel beside this. */
export type EventRequest = Readonly<{
  type: string;
  data: unknown;
  id?: string;
  source?: string;
  time?: string;
  consumer_id?: string;
  ordering_key?: string;
}>;

/** One thing that is wrong with a request: where (JSON pointer) and what (a sentence for the caller). */
export type Fault = Readonly<{ pointer: string; detail: string }>;

/** Arrays and objects inside each other in `data`, at most: recursive readers further on must not run out of stack. */
const maxDataDepth = 128;

/** Members that one event may have before they are not even looked at one by one: bounds the cost of refusing. */
export const maxMembers = 32;

/** JSON Schema of an {@link EventRequest}. What it cannot say is in {@link faultsOf}. */
export const eventRequestSchema = {
  type: 'object',
  properties: {
    type: {
      type: 'string',
      minLength: 1,
      maxLength: eventTypeNameMaxLength,
      pattern: eventTypeNamePattern.source,
    },
    data: true,
    id: callerTextRule(256),
    source: callerTextRule(256),
    time: { type: 'string', maxLength: 64 },
    consumer_id: consumerIdRule,
    ordering_key: callerTextRule(256),
  },
  required: ['type', 'data'],
  additionalProperties: false,
  // The names that Svix, Stripe, CloudEvents and others have for these.
  'x-field-hints': {
    event_type: 'type',
    event: 'type',
    name: 'type',
    payload: 'data',
    body: 'data',
    object: 'data',
    event_id: 'id',
    timestamp: 'time',
    created: 'time',
    application: 'consumer_id',
    customer_id: 'consumer_id',
    tenant_id: 'consumer_id',
    partition_key: 'ordering_key',
  },
} as const;

/**
 * The faults of members that are there more than once. JSON.parse would keep the last and a cut by name might take another.
 * Only for names in `properties`: any other is refused as unknown anyway.
 */
export const repeatFaults = (members: readonly Member[], properties: object): Fault[] => {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name } of members) {
    if (seen.has(name) && Object.hasOwn(properties, name)) repeated.add(name);
    seen.add(name);
  }
  const detail = 'is there more than once: which one counts would be a guess';
  return [...repeated].map((name) => ({ pointer: `/${name}`, detail }));
};

/** The faults of an event that its schema does not see. Its fields may hold anything; `members` are those of its text. */
export const faultsOf = (value: object, members: readonly Member[]): Fault[] => {
  const faults: Fault[] = [];
  const { type, time } = value as Partial<Record<keyof EventRequest, unknown>>;
  if (typeof type === 'string' && isReservedEventType(type)) {
    faults.push({
      pointer: '/type',
      detail: `'${type}' is reserved: only Tidings itself raises tidings.* and webhook.test`,
    });
  }
  if (typeof time === 'string' && time.length <= 64 && normaliseTime(time) === null) {
    faults.push({
      pointer: '/time',
      detail: `must be an RFC 3339 date-time with a zone, such as 2026-11-22T10:00:00Z, got '${time}'`,
    });
  }
  faults.push(...repeatFaults(members, eventRequestSchema.properties));
  const data = members.find(({ name }) => name === 'data');
  if (data !== undefined && data.depth > maxDataDepth) {
    faults.push({
      pointer: '/data',
      detail: `may nest arrays and objects ${maxDataDepth} deep, got ${data.depth}`,
    });
  }
  return faults;
};
