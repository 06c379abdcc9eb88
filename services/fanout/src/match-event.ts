import { isUtf8 } from 'node:buffer';
import type { EventAccepted } from '@tidings/contracts';
import { parseExactly } from '@tidings/json';
import { messageOf } from '@tidings/runtime';
import type { Filter, IndexedSubscription } from './domain/match-index.ts';
import { canBeFiltered } from './large-data.ts';

type Parsed = Readonly<{ ok: true; data: unknown } | { ok: false; detail: string }>;

const parseData = (bytes: Buffer, maxBytes: number, hasFilter: boolean): Parsed => {
  if (bytes.length > maxBytes) {
    return {
      ok: false,
      detail: `the data has ${bytes.length} bytes, at most ${maxBytes} fit into a delivery`,
    };
  }
  if (!isUtf8(bytes)) return { ok: false, detail: 'the data is not UTF-8' };
  try {
    // Filters must not evaluate rounded numbers. Without a filter, only valid JSON matters.
    return {
      ok: true,
      data: hasFilter ? parseExactly(bytes) : (JSON.parse(bytes.toString('utf8')) as unknown),
    };
  } catch (error) {
    return { ok: false, detail: `the data is not JSON (${messageOf(error)})` };
  }
};

// Without a filter to evaluate, only valid JSON matters, and ingress has checked that of large data.
const dataOf = ({ event, dataFault }: Data, maxBytes: number, hasFilter: boolean): Parsed => {
  if (event.large === undefined) return parseData(event.data, maxBytes, hasFilter);
  if (dataFault !== undefined) return { ok: false, detail: dataFault };
  return hasFilter ? parseData(event.data, event.large.bytes, true) : { ok: true, data: undefined };
};

const select = (candidates: readonly IndexedSubscription[], data: unknown) => {
  let filterFailures = 0;
  const matched = candidates.filter(({ filter }) => {
    if (filter === null) return true;
    try {
      return filter(data);
    } catch {
      // Expected for data that the filter was not written for: counted as a failure and as no match.
      filterFailures += 1;
      return false;
    }
  });
  return { matched, filterFailures };
};

/** An event with its data; large ones only if {@link needsData} says so. */
type Data = Readonly<{ event: Pick<EventAccepted, 'data' | 'large'>; dataFault?: string }>;

const hasFilters = (candidates: readonly IndexedSubscription[], filter: Filter | null): boolean =>
  filter !== null || candidates.some((candidate) => candidate.filter !== null);

/** Returns true if matching an event evaluates its data. */
export const needsData = (
  event: Pick<EventAccepted, 'large'>,
  candidates: readonly IndexedSubscription[],
  filter: Filter | null = null,
): boolean => canBeFiltered(event) && hasFilters(candidates, filter);

/**
 * The subscriptions that an event goes to, or the reason why its data cannot be sent to any. `notFiltered`: those
 * whose filter cannot be evaluated, since the data are too large.
 */
export type Match = Readonly<
  | {
      ok: true;
      matched: readonly IndexedSubscription[];
      notFiltered: readonly IndexedSubscription[];
      filterFailures: number;
    }
  | { ok: false; detail: string }
>;

const withoutFilters = (candidates: readonly IndexedSubscription[], filter: Filter | null): Match => {
  const isFiltered = (candidate: IndexedSubscription): boolean =>
    filter !== null || candidate.filter !== null;
  return {
    ok: true,
    matched: candidates.filter((candidate) => !isFiltered(candidate)),
    notFiltered: candidates.filter(isFiltered),
    filterFailures: 0,
  };
};

/**
 * Applies the filters of the candidates to the data of an event. The bytes become part of a JSON body, so they must be
 * JSON, whichever client wrote them; large ones ingress has checked. `filter` is a further filter, which applies to every candidate.
 */
export const matchEvent = (
  logged: Data,
  candidates: readonly IndexedSubscription[],
  { maxDataBytes, filter = null }: Readonly<{ maxDataBytes: number; filter?: Filter | null }>,
): Match => {
  if (!canBeFiltered(logged.event)) return withoutFilters(candidates, filter);
  const parsed = dataOf(logged, maxDataBytes, hasFilters(candidates, filter));
  if (!parsed.ok) return parsed;
  const none = { matched: [], filterFailures: 0 };
  const selected = filter !== null && !passes(filter, parsed.data) ? none : select(candidates, parsed.data);
  return { ok: true, notFiltered: [], ...selected };
};

const passes = (filter: Filter, data: unknown): boolean => {
  try {
    return filter(data);
  } catch {
    // Written for other data: no match, as for the filter of a subscription.
    return false;
  }
};
