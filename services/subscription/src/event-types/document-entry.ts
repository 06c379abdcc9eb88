import { followReferences, isJsonObject, type JsonObject, type SchemaLocation } from '@tidings/event-schemas';
import type { ErrorDetail } from '@tidings/json';

/** Location of an event type in a document, and the errors in reading it. */
export type DocumentEntry = Readonly<{
  name: string;
  /** The message of AsyncAPI, the operation of OpenAPI. */
  pointer: string;
  node: JsonObject;
  /** Pointer to the schema of the data, or null if there is none. */
  schemaAt: string | null;
  example: SchemaLocation | null;
  group: unknown;
  errors: readonly ErrorDetail[];
}>;

/** Returns the entry of an event type that could not be read. */
export const unreadEntry = (
  name: string,
  pointer: string,
  errors: readonly ErrorDetail[],
): DocumentEntry => ({
  ...{ name, pointer, errors },
  ...{ node: {}, schemaAt: null, example: null, group: null },
});

/** Resolves a location, following `$ref`, to an object; otherwise returns the errors. */
export function objectAt(
  document: JsonObject,
  pointer: string,
):
  | Readonly<{ ok: true; pointer: string; value: JsonObject }>
  | Readonly<{ ok: false; errors: readonly ErrorDetail[] }> {
  const followed = followReferences(document, pointer);
  if (!followed.ok) return followed;
  const { location } = followed;
  if (isJsonObject(location.value)) return { ok: true, pointer: location.pointer, value: location.value };
  return { ok: false, errors: [{ pointer: location.pointer, detail: 'must be an object' }] };
}
