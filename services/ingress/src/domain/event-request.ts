import {
  callerTextRule,
  consumerIdRule,
  eventTypeNameMaxLength,
  eventTypeNamePattern,
  isReservedEventType,
  type WorkspaceId,
} from '@tidings/contracts';
import type { ErrorDetail, Member } from '@tidings/json';
import { normaliseTime } from './rfc3339.ts';

/** The fields of an event that a caller may set. `data` is any JSON; its bytes are passed separately. */
export type EventRequest = Readonly<{
  type: string;
  data: unknown;
  id?: string;
  source?: string;
  time?: string;
  consumer_id?: string;
  ordering_key?: string;
}>;

/** Maximum nesting of arrays and objects in `data`: recursive readers downstream must not exhaust their stack. */
export const maxDataDepth = 128;

/** Maximum members of one event that are checked individually: limits the cost of a rejection. */
export const maxMembers = 32;

/** JSON Schema of an {@link EventRequest}. {@link faultsOf} checks the rules that it cannot express. */
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
  // The names that Svix, Stripe, CloudEvents and others use for these.
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
 * Returns the faults of duplicate members. JSON.parse would keep the last, and a search by name might return
 * another. Covers only names in `properties`: any other is rejected as unknown anyway.
 */
export const repeatFaults = (members: readonly Member[], properties: object): ErrorDetail[] => {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name } of members) {
    if (seen.has(name) && Object.hasOwn(properties, name)) repeated.add(name);
    seen.add(name);
  }
  const detail = 'is there more than once: which one counts would be a guess';
  return [...repeated].map((name) => ({ pointer: `/${name}`, detail }));
};

/**
 * Returns the faults of an event that its schema does not cover. Its fields may hold
 * any value; `members` are those of its text.
 */
export const faultsOf = (value: object, members: readonly Member[]): ErrorDetail[] => {
  const faults: ErrorDetail[] = [];
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

/** The workspace of an event, and the pointer to it in the body. */
export type EventLocation = Readonly<{ workspaceId: WorkspaceId; pointer: string }>;

/** Returns faults of an event with pointers into the body, in which the event is at `pointer`. */
export const inBody = (faults: readonly ErrorDetail[], pointer: string): readonly ErrorDetail[] =>
  faults.map((fault) => ({ ...fault, pointer: `${pointer}${fault.pointer}` }));
