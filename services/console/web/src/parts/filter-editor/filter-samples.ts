import { api, dataOf, type Schemas } from '../../api/client.ts';
import { isMeant } from './is-meant.ts';

/** Data that a filter is tested against: the example of an event type, or an event that was published. */
export type FilterSample = Readonly<{
  id: string;
  kind: 'example' | 'event' | 'own';
  eventType: string | null;
  /** Of an event: when it was accepted. */
  at: string | null;
  data: Schemas['EventType']['example'];
}>;

/** The samples; `events`: whether published events could be read. */
export type FilterSamples = Readonly<{
  samples: readonly FilterSample[];
  events: 'read' | 'not-allowed' | 'failed';
}>;

const maxPatterns = 5;
const maxOfKind = 5;
// The examples of a group are small; this many types are looked through for those that a pattern means.
const pageLimit = 100;

/** Reads what a filter for these event types can be tested against. Rejects if the catalogue cannot be read. */
export async function readSamples(
  eventTypes: readonly string[],
  mayReadEvents: boolean,
  signal?: AbortSignal,
): Promise<FilterSamples> {
  const patterns = eventTypes.includes('*') ? ['*'] : eventTypes.slice(0, maxPatterns);
  const events = mayReadEvents
    ? readEvents(patterns, signal).catch(() => 'failed' as const)
    : Promise.resolve('not-allowed' as const);
  const found = await Promise.all(patterns.map(async (pattern) => readExamples(pattern, signal)));
  const examples = new Map(found.flat().map((sample) => [sample.id, sample]));
  const published = await events;
  return {
    samples: [
      ...(typeof published === 'string' ? [] : published),
      ...[...examples.values()].slice(0, maxOfKind),
    ],
    events: typeof published === 'string' ? published : 'read',
  };
}

async function readExamples(pattern: string, signal?: AbortSignal): Promise<readonly FilterSample[]> {
  const search = pattern.replace(/\.?\*$/, '');
  const query = { limit: pageLimit, ...(search === '' ? {} : { search: search.slice(0, 100) }) };
  const { data } = await dataOf(
    api.GET('/v1/webhooks/event-types', { params: { query }, signal: signal ?? null }),
  );
  return data.flatMap(({ name, example }) =>
    example !== null && isMeant(pattern, name)
      ? [{ id: `example ${name}`, kind: 'example' as const, eventType: name, at: null, data: example }]
      : [],
  );
}

async function readEvents(
  patterns: readonly string[],
  signal?: AbortSignal,
): Promise<readonly FilterSample[]> {
  const pages = await Promise.all(
    patterns.map(async (pattern) => {
      const query = { limit: maxOfKind, ...(pattern === '*' ? {} : { type: pattern }) };
      return dataOf(api.GET('/v1/webhooks/events', { params: { query }, signal: signal ?? null }));
    }),
  );
  const newest = new Map(pages.flatMap(({ data }) => data).map((event) => [event.id, event]));
  const shown = [...newest.values()]
    .sort((a, b) => b.accepted_at.localeCompare(a.accepted_at))
    .slice(0, maxOfKind);
  const events = await Promise.all(
    shown.map(async ({ id }) =>
      dataOf(api.GET('/v1/webhooks/events/{id}', { params: { path: { id } }, signal: signal ?? null })),
    ),
  );
  return events.flatMap(({ id, type, accepted_at, data, data_encoding }) =>
    data_encoding === 'json'
      ? [{ id, kind: 'event' as const, eventType: type, at: accepted_at, data: data as FilterSample['data'] }]
      : [],
  );
}
