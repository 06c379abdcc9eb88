import { compileBody, detailsOf, parseJson, type Validate } from '@tidings/http';
import { type ErrorDetail, elementsOf, type Member, membersOf } from '@tidings/json';
import { AppError, refused } from '@tidings/runtime';
import type { BatchItem } from '../accept-event-batch.ts';
import {
  type EventRequest,
  eventRequestSchema,
  faultsOf,
  inBody,
  maxMembers,
  repeatFaults,
} from '../domain/event-request.ts';
import type { EventDraft } from '../domain/stamp-event.ts';

/** The location of an object in the request: the text, the byte at which it begins, and the pointer to it. */
export type BodyLocation = Readonly<{ json: Buffer; start: number; pointer: string }>;

const isEventRequest = compileBody<EventRequest>(eventRequestSchema);

/**
 * Reads an event from its parsed value and its text. `data` is copied from the text byte for byte. Throws
 * AppError `unprocessable` with all faults at once.
 */
export const readEvent = (value: unknown, location: BodyLocation): EventDraft => {
  const { members, faults } = inspect(isEventRequest, value, location);
  if (isObject(value)) faults.push(...faultsOf(value, members));
  if (faults.length > 0) throw refused(inBody(faults, location.pointer));
  const data = members.find(({ name }) => name === 'data');
  if (data === undefined) throw new AppError({ code: 'internal', message: 'an event has no member data' });
  return { request: value as EventRequest, data: location.json.subarray(data.start, data.end) };
};

/** Reads an event that is a whole line. Throws as {@link readEvent}, and `invalid-request` for text that is not JSON. */
export const readLine = (json: Buffer): EventDraft =>
  readEvent(parseJson(json), { json, start: 0, pointer: '' });

const batchProperties = { events: { type: 'array', minItems: 1 } };
const isBatch = compileBody<Readonly<{ events: readonly unknown[] }>>({
  type: 'object',
  properties: batchProperties,
  required: ['events'],
  additionalProperties: false,
});

/** Limits of a batch and of each event in it. */
export type BatchLimits = Readonly<{ maxEvents: number; maxEventBytes: number }>;

/**
 * Reads the items of `{ "events": […] }`, each a draft or its own rejection. Throws AppError `unprocessable`
 * only for faults of the batch as a whole.
 */
export const readBatch = (body: unknown, json: Buffer, limits: BatchLimits): readonly BatchItem[] => {
  const { members, faults } = inspect(isBatch, body, { json, start: 0, pointer: '' });
  faults.push(...repeatFaults(members, batchProperties));
  if (faults.length > 0) throw refused(faults);
  const { events } = body as Readonly<{ events: readonly unknown[] }>;
  if (events.length > limits.maxEvents) {
    const detail = `must have at most ${limits.maxEvents} items, got ${events.length}`;
    throw refused([{ pointer: '/events', detail }]);
  }
  const slices = elementsOf(json, members[0]?.start);
  return events.map((value, i) => {
    const { start = 0, end = 0 } = slices[i] ?? {};
    try {
      if (end - start > limits.maxEventBytes) throw tooLarge(end - start, limits.maxEventBytes, i);
      return { ok: true, draft: readEvent(value, { json, start, pointer: `/events/${i}` }) };
    } catch (error) {
      return { ok: false, error };
    }
  });
};

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

// Members are counted before schema validation, which would report each of 40,000 unknown fields.
function inspect<T>(
  validate: Validate<T>,
  value: unknown,
  { json, start, pointer }: BodyLocation,
): { members: readonly Member[]; faults: ErrorDetail[] } {
  const members = isObject(value) ? membersOf(json, start) : [];
  if (members.length > maxMembers) {
    throw refused([{ pointer, detail: `may have ${maxMembers} fields, got ${members.length}` }]);
  }
  return { members, faults: validate(value) ? [] : detailsOf(validate.errors, value) };
}

function tooLarge(bytes: number, maxBytes: number, index: number): AppError {
  const message = `/events/${index} may have at most ${maxBytes} bytes, got ${bytes}.`;
  return new AppError({ code: 'payload-too-large', message });
}
