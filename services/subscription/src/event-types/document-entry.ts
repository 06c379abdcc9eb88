import { followReferences, isJsonObject, type JsonObject, type SchemaLocation } from '@tidings/event-schemas';
import type { ErrorDetail } from '@tidings/runtime';

/** Where a document tells of a type, and what kept it from being found there. */
export type DocumentEntry = Readonly<{
  name: string;
  /** The message of AsyncAPI, the operation of OpenAPI. */
  pointer: string;
  node: JsonObject;
  /** Where the schema of the data stands; null where there is none. */
  schemaAt: string | null;
  example: SchemaLocation | null;
  group: unknown;
  errors: readonly ErrorDetail[];
}>;

/** The entry of something that could not be found. */
export const unreadEntry = (
  name: string,
  pointer: string,
  errors: readonly ErrorDetail[],
): DocumentEntry => ({
  ...{ name, pointer, errors },
  ...{ node: {}, schemaAt: null, example: null, group: null },
});

/** What a place with `$ref` means, as an object; else what is wrong with it. */
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
