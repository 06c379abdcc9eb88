import { breakingChanges, checkSchema, compileSchema } from '@tidings/event-schemas';
import { detailsOf } from '@tidings/http';
import { AppError, type ErrorDetail } from '@tidings/runtime';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type EventType, publishedStates, schemaJsonOf } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';

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
  const verdict = compileSchema(JSON.parse(schemaJson))(example);
  if (verdict.kind === 'valid') return [];
  if (verdict.kind === 'too-costly') {
    return [{ pointer: '/example', detail: 'takes too long to check: give a smaller one' }];
  }
  return detailsOf(verdict.errors, example).map(({ pointer, detail }) => ({
    pointer: `/example${pointer}`,
    detail,
  }));
}

/** What breaks readers when one version of a type follows the other. Drafts and archived types have no readers. */
export function breakingBetween(current: EventType, next: EventType): readonly ErrorDetail[] {
  if (!isPublished(current) || !isPublished(next)) return [];
  const before = schemaJsonOf(current, current.activeSchema);
  const after = schemaJsonOf(next, next.activeSchema);
  if (before === undefined || before === after) return [];
  return breakingChanges(JSON.parse(before), after === undefined ? {} : JSON.parse(after)).map(
    ({ pointer, detail }) => ({ pointer: `/schema${pointer}`, detail }),
  );
}

const isPublished = ({ state }: EventType): boolean =>
  publishedStates.some((published) => published === state);

/** Throws AppError `conflict` with every breaking change, unless it was asked for by `force`. */
export function refuseBreaking(changes: readonly ErrorDetail[], force: boolean | undefined): void {
  if (changes.length === 0 || force === true) return;
  const message =
    `Readers of the present schema could break (${changes.length} ${changes.length === 1 ? 'change' : 'changes'}): ` +
    'make a compatible schema or a new event type, or send "force": true.';
  throw new AppError({ code: 'conflict', message, details: changes });
}

/** Throws when the next version of a type is not what a type may be. */
export function checkVersion(next: EventType): void {
  const schemaBytes = next.schemas.reduce((sum, { schemaJson }) => sum + Buffer.byteLength(schemaJson), 0);
  const room =
    next.schemas.length > limits.schemas || schemaBytes > limits.schemaBytes
      ? `a type may have ${limits.schemas} schemas with ${limits.schemaBytes} bytes in all: go on with a new type`
      : null;
  refuseFaults([
    ...(room === null ? [] : [{ pointer: '/schema', detail: room }]),
    ...exampleFaults(next.settings.exampleJson, schemaJsonOf(next, next.activeSchema)),
  ]);
}
