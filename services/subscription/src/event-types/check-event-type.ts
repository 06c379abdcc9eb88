import { breakingChanges, checkSchema, compileSchema } from '@tidings/event-schemas';
import { detailsOf } from '@tidings/http';
import type { ErrorDetail } from '@tidings/json';
import { AppError } from '@tidings/runtime';
import { refuseFaults } from '../registry/refuse-faults.ts';
import {
  type Compatibility,
  type EventType,
  isPublished,
  type SchemaText,
  schemaJsonOf,
} from './domain/event-type.ts';
import { limits } from './domain/limits.ts';

const maxBreakingChanges = 20;

/** Returns the faults of a schema from a request; pointers begin at `/schema`. */
export function schemaFaults(schema: unknown): readonly ErrorDetail[] {
  const check = checkSchema(schema);
  return check.ok
    ? []
    : check.errors.map(({ pointer, detail }) => ({ pointer: `/schema${pointer}`, detail }));
}

/** Returns the faults of an example against its schema, both JSON text; pointers begin at `/example`. */
function exampleFaults(exampleJson: string | null, schemaJson: string | undefined): readonly ErrorDetail[] {
  if (exampleJson === null) return [];
  const bytes = Buffer.byteLength(exampleJson);
  if (bytes > limits.exampleBytes) {
    return [{ pointer: '/example', detail: `must have at most ${limits.exampleBytes} bytes, got ${bytes}` }];
  }
  if (schemaJson === undefined) return [];
  const example: unknown = JSON.parse(exampleJson);
  const result = compileSchema(JSON.parse(schemaJson))(example);
  if (result.kind === 'valid') return [];
  if (result.kind === 'too-costly') {
    return [{ pointer: '/example', detail: 'takes too long to validate: send a smaller one' }];
  }
  return detailsOf(result.errors, example).map(({ pointer, detail }) => ({
    pointer: `/example${pointer}`,
    detail,
  }));
}

/**
 * Returns the compatibility mode for a change: the stricter of the current and the next one. Only `none` is accepted as
 * a relaxation, because `forward` is the default and may result from an omitted field.
 */
function compatibilityOf(current: EventType, next: EventType): Compatibility {
  const { compatibility } = next.settings;
  return compatibility === 'forward' && current.settings.compatibility === 'forward_transitive'
    ? 'forward_transitive'
    : compatibility;
}

/** Returns the schemas that readers of a type may use, newest first. Drafts have no readers. */
function knownSchemas(current: EventType, compatibility: Compatibility): readonly SchemaText[] {
  if (compatibility === 'none') return [];
  if (compatibility === 'forward_transitive')
    return current.schemas.filter(({ hasHeld }) => hasHeld).toReversed();
  return isPublished(current)
    ? current.schemas.filter(({ version }) => version === current.activeSchema)
    : [];
}

/** Returns the changes between two versions of a type that break readers, each for the newest schema that it breaks. */
export function breakingBetween(current: EventType, next: EventType): readonly ErrorDetail[] {
  if (!isPublished(next)) return [];
  if (isPublished(current) && current.activeSchema === next.activeSchema) return [];
  const after = schemaJsonOf(next, next.activeSchema);
  const found = new Map<string, ErrorDetail>();
  for (const { version, schemaJson } of knownSchemas(current, compatibilityOf(current, next))) {
    if (schemaJson === after) continue;
    const by = version === current.activeSchema ? '' : ` (by schema ${version})`;
    for (const { pointer, detail } of breakingChanges(
      JSON.parse(schemaJson),
      after === undefined ? {} : JSON.parse(after),
    )) {
      if (!found.has(pointer)) found.set(pointer, { pointer: `/schema${pointer}`, detail: `${detail}${by}` });
    }
    if (found.size >= maxBreakingChanges) break;
  }
  return [...found.values()].slice(0, maxBreakingChanges);
}

/** Throws AppError `conflict` with all breaking changes, unless `force` is true. */
export function refuseBreaking(changes: readonly ErrorDetail[], force: boolean | undefined): void {
  if (changes.length === 0 || force === true) return;
  const message =
    `The schema can break readers of a schema that is or was active (${changes.length} ${changes.length === 1 ? 'change' : 'changes'}): ` +
    'send a compatible schema, create another event type, or send "force": true.';
  throw new AppError({ code: 'conflict', message, details: changes });
}

/** Throws if the next version of a type exceeds the schema limits or its example does not match its schema. */
export function checkVersion(next: EventType): void {
  const schemaBytes = next.schemas.reduce((sum, { schemaJson }) => sum + Buffer.byteLength(schemaJson), 0);
  const capacity =
    next.schemas.length > limits.schemas || schemaBytes > limits.schemaBytes
      ? `a type may have at most ${limits.schemas} schemas with ${limits.schemaBytes} bytes in total: create another event type`
      : null;
  refuseFaults([
    ...(capacity === null ? [] : [{ pointer: '/schema', detail: capacity }]),
    ...exampleFaults(next.settings.exampleJson, schemaJsonOf(next, next.activeSchema)),
  ]);
}
