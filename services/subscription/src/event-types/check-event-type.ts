import { breakingChanges, checkSchema, compileSchema } from '@tidings/event-schemas';
import { detailsOf } from '@tidings/http';
import { AppError, type ErrorDetail } from '@tidings/runtime';
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

/** The faults of a schema that somebody wrote; pointers begin at `/schema`. */
export function schemaFaults(schema: unknown): readonly ErrorDetail[] {
  const check = checkSchema(schema);
  return check.ok
    ? []
    : check.errors.map(({ pointer, detail }) => ({ pointer: `/schema${pointer}`, detail }));
}

/** The faults of an example by its schema, both JSON text; pointers begin at `/example`. */
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
    return [{ pointer: '/example', detail: 'takes too long to check: give a smaller one' }];
  }
  return detailsOf(result.errors, example).map(({ pointer, detail }) => ({
    pointer: `/example${pointer}`,
    detail,
  }));
}

/** The stricter of what a type has said and says now: `none` is always meant, the default may only be left out. */
function compatibilityOf(current: EventType, next: EventType): Compatibility {
  const { compatibility } = next.settings;
  return compatibility === 'forward' && current.settings.compatibility === 'forward_transitive'
    ? 'forward_transitive'
    : compatibility;
}

/** The schemas that readers of a type may know, newest first. Drafts have no readers. */
function knownSchemas(current: EventType, compatibility: Compatibility): readonly SchemaText[] {
  if (compatibility === 'none') return [];
  if (compatibility === 'forward_transitive')
    return current.schemas.filter(({ hasHeld }) => hasHeld).toReversed();
  return isPublished(current)
    ? current.schemas.filter(({ version }) => version === current.activeSchema)
    : [];
}

/** What breaks readers when one version of a type follows the other: each change by the newest schema that it breaks. */
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

/** Throws AppError `conflict` with every breaking change, unless it was asked for by `force`. */
export function refuseBreaking(changes: readonly ErrorDetail[], force: boolean | undefined): void {
  if (changes.length === 0 || force === true) return;
  const message =
    `Readers of a schema that holds or has held could break (${changes.length} ${changes.length === 1 ? 'change' : 'changes'}): ` +
    'make a compatible schema or a new event type, or send "force": true.';
  throw new AppError({ code: 'conflict', message, details: changes });
}

/** Throws when the next version of a type is not what a type may be. */
export function checkVersion(next: EventType): void {
  const schemaBytes = next.schemas.reduce((sum, { schemaJson }) => sum + Buffer.byteLength(schemaJson), 0);
  const capacity =
    next.schemas.length > limits.schemas || schemaBytes > limits.schemaBytes
      ? `a type may have ${limits.schemas} schemas with ${limits.schemaBytes} bytes in all: go on with a new type`
      : null;
  refuseFaults([
    ...(capacity === null ? [] : [{ pointer: '/schema', detail: capacity }]),
    ...exampleFaults(next.settings.exampleJson, schemaJsonOf(next, next.activeSchema)),
  ]);
}
