import { useRef, useState } from 'react';
import { type ApiProblem, problemOf } from '../../api/api-problem.ts';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { readJsonText } from '../code/json-text.ts';
import type { FilterResult } from './filter-results.tsx';
import { type FilterSample, type FilterSamples, readSamples } from './filter-samples.ts';

/** A condition on the data of events, as in `filters` of a subscription. */
export type Filter = Readonly<Record<string, unknown>>;

/** The outcome of a test. `problem`: why the API refused it. */
export type FilterOutcome = Readonly<{
  results: readonly FilterResult[];
  events: FilterSamples['events'];
  problem: ApiProblem | null;
}>;

/** Tests on request; a change of the filter or of the own data makes the outcome void. */
export function useFilterTest(filter: Filter | null | undefined, eventTypes: readonly string[], own: string) {
  const mayReadEvents = useMay('deliveries:read');
  const [outcome, setOutcome] = useState<FilterOutcome | null>(null);
  const [openId, setOpenId] = useState<string | null>(null);
  const [isTesting, setTesting] = useState(false);
  const run = useRef(0);
  const clear = () => {
    run.current += 1;
    setOutcome(null);
    setTesting(false);
  };
  const test = async () => {
    if (filter == null) return;
    const id = ++run.current;
    setTesting(true);
    const next = await testAgainst(filter, { eventTypes, mayReadEvents, own });
    if (run.current !== id) return;
    setOutcome(next);
    setOpenId(nearestMiss(next.results));
    setTesting(false);
  };
  return { outcome, isTesting, test, openId, setOpenId, clear };
}

/** Returns the sample that does not match by the fewest conditions: the one that somebody most likely asks about. */
function nearestMiss(results: readonly FilterResult[]): string | null {
  const missed = results.filter(({ test }) => !test.matches);
  missed.sort((a, b) => a.test.failed.length - b.test.failed.length);
  return missed[0]?.sample.id ?? null;
}

type Against = Readonly<{ eventTypes: readonly string[]; mayReadEvents: boolean; own: string }>;

async function testAgainst(
  filter: Filter,
  { eventTypes, mayReadEvents, own }: Against,
): Promise<FilterOutcome> {
  let events: FilterSamples['events'] = 'read';
  try {
    const found = await readSamples(eventTypes, mayReadEvents);
    events = found.events;
    const samples = [...ownSample(own), ...found.samples];
    const [first, ...others] = samples;
    if (first === undefined) return { results: [], events, problem: null };
    // The first alone: a filter that the API refuses is refused once.
    const firstResult = await testOne(filter, first);
    const results = [firstResult, ...(await Promise.all(others.map(async (one) => testOne(filter, one))))];
    return { results, events, problem: null };
  } catch (error) {
    const problem = problemOf(error);
    if (problem === null) throw error;
    return { results: [], events, problem };
  }
}

async function testOne(filter: Filter, sample: FilterSample): Promise<FilterResult> {
  const type = sample.eventType === null ? {} : { type: sample.eventType };
  const body = { filter, event: { ...type, data: sample.data } };
  return { sample, test: await dataOf(api.POST('/v1/webhooks/filters/test', { body })) };
}

function ownSample(text: string): readonly FilterSample[] {
  const read = readJsonText(text);
  if (!read.ok) return [];
  return [{ id: 'own', kind: 'own', eventType: null, at: null, data: read.value as FilterSample['data'] }];
}
