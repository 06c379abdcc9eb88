import { canEqual, canHaveType, lookUpField, type SchemaField } from '@tidings/event-schemas';
import { type FilterCondition, listConditions } from '@tidings/filters';
import type { ErrorDetail } from '@tidings/json';
import type { Scope } from '../registry/ports.ts';
import type { Settings } from './domain/settings.ts';
import type { EventCatalogue, KnownType } from './ports.ts';

type Filter = Readonly<Record<string, unknown>>;

/** An event type with its schema parsed. */
type Compared = Readonly<{ name: string; schema: unknown }>;

const listed = (known: readonly string[]): string =>
  known.length === 0 ? 'the value has no fields' : `there are ${known.join(', ')}`;

function absence({ name, schema }: Compared, path: string, field: SchemaField): string | null {
  if (field.kind !== 'absent') return null;
  const inside = path.startsWith('data.') ? path.slice('data.'.length) : '';
  const hint =
    inside !== '' && field.missing === 'data' && lookUpField(schema, inside).kind === 'known'
      ? `a path begins inside the data, so write '${inside}'`
      : listed(field.known);
  return `does not exist in the schema of '${name}', which has no '${field.missing}': ${hint}`;
}

const numbers = ['number', 'integer'];

/** Returns whether data of the schema can have a value that the operator applies to. */
function isMeant(field: SchemaField, { operator, operand }: FilterCondition): boolean {
  switch (operator) {
    case '$eq':
    case '$ne':
      // A missing field equals null.
      return operand === null || canEqual(field, operand);
    case '$in':
    case '$nin':
      return (operand as readonly unknown[]).some((one) => one === null || canEqual(field, one));
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return canHaveType(field, typeof operand === 'number' ? numbers : ['string']);
    case '$prefix':
    case '$suffix':
      return canHaveType(field, ['string']);
    case '$contains':
      return canHaveType(field, typeof operand === 'string' ? ['string', 'array'] : ['array']);
    case '$size':
      return canHaveType(field, ['array']);
    default:
      return true;
  }
}

function oddness(type: Compared, condition: FilterCondition): string | null {
  const { path } = condition;
  const field = lookUpField(type.schema, path);
  const missing = absence(type, path, field);
  if (missing !== null || isMeant(field, condition)) return missing;
  return `compares with a value that '${path}' never has in the schema of '${type.name}'`;
}

/**
 * Returns warnings about a filter by the schemas of the event types that its subscription matches: a condition on a
 * field that none of them has, or on a value that the field never has, so that it is never or always true. Returns none
 * when a type has no schema, or when unknown types can match (`types` is null). Pointers begin at the filter.
 */
export function filterWarnings(filter: Filter, types: readonly KnownType[] | null): readonly ErrorDetail[] {
  const compared = (types ?? []).map(({ name, schemaJson }) => ({
    name,
    schema: schemaJson === null ? null : (JSON.parse(schemaJson) as unknown),
  }));
  if (compared.length === 0 || compared.some(({ schema }) => schema === null)) return [];
  return listConditions(filter).flatMap((condition) => {
    const details = compared.map((type) => oddness(type, condition));
    const [first] = details;
    // A condition that is meaningful for one type raises no warning.
    if (first == null || details.includes(null)) return [];
    const others = compared.length - 1;
    const more = others === 0 ? '' : `; the same applies to ${others} more of the matched event types`;
    return [{ pointer: condition.pointer, detail: `${first}${more}` }];
  });
}

/** Returns the {@link filterWarnings} of a subscription's settings, with pointers that begin at the subscription. */
export async function settingsWarnings(
  catalogue: Pick<EventCatalogue, 'typesOf'>,
  scope: Scope,
  { filters, events }: Settings,
): Promise<readonly ErrorDetail[]> {
  if (filters === null || Object.keys(filters).length === 0) return [];
  const warnings = filterWarnings(filters, await catalogue.typesOf(scope, events));
  return warnings.map(({ pointer, detail }) => ({ pointer: `/filters${pointer}`, detail }));
}
