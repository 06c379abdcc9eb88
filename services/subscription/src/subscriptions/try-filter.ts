import { explainFilter, type FailedCondition } from '@tidings/filters';
import type { ErrorDetail } from '@tidings/json';
import { refused } from '@tidings/runtime';
import type { Scope } from '../registry/ports.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { filterFaults } from './check-settings.ts';
import type { FilterTestBody } from './domain/filter-test-body.ts';
import { filterWarnings } from './filter-warnings.ts';
import type { EventCatalogue, KnownType } from './ports.ts';

/** Dependencies of {@link tryFilter}. */
export type TryFilterParts = Readonly<{
  catalogue: Pick<EventCatalogue, 'typesOf'>;
}>;

/** Result of a filter test: a match, or each condition that prevents it. Pointers lead into the body. */
export type FilterTest = Readonly<{
  matches: boolean;
  failed: readonly FailedCondition[];
  warnings: readonly ErrorDetail[];
}>;

const inBody = <T extends ErrorDetail>(one: T): T => ({ ...one, pointer: `/filter${one.pointer}` });

function sourceFaults({ event, event_type: name }: FilterTestBody): readonly ErrorDetail[] {
  if ((event === undefined) !== (name === undefined)) return [];
  return [
    { pointer: event === undefined ? '/event' : '/event_type', detail: 'set either event or event_type' },
  ];
}

/** Returns the example of a type. A type outside the scope is reported as not found. */
function exampleOf(name: string, type: KnownType | undefined): unknown {
  if (type?.exampleJson != null) return JSON.parse(type.exampleJson);
  const detail =
    type === undefined
      ? `must be a registered event type, got '${name}'`
      : `must be a type with an example, and '${name}' has none: send event, or add an example to the type`;
  throw refused([{ pointer: '/event_type', detail }]);
}

/** Matches a filter against an event, or against the example of an event type. Throws AppError `unprocessable`. */
export async function tryFilter(
  { catalogue }: TryFilterParts,
  scope: Scope,
  body: FilterTestBody,
): Promise<FilterTest> {
  const { filter, event, event_type: name } = body;
  refuseFaults([...sourceFaults(body), ...filterFaults(filter).map(inBody)]);
  const typeName = name ?? event?.type;
  const types = typeName === undefined ? null : await catalogue.typesOf(scope, [typeName]);
  const data = event === undefined ? exampleOf(name ?? '', types?.[0]) : event.data;
  const { matches, failed } = explainFilter(filter, data);
  return { matches, failed: failed.map(inBody), warnings: filterWarnings(filter, types).map(inBody) };
}
