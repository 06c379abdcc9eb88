import { followReferences, isJsonObject, type JsonObject, type Place } from '@tidings/event-schemas';
import type { ErrorDetail } from '@tidings/runtime';

/** Where a document tells of a type, and what kept it from being found there. */
export type DocumentEntry = Readonly<{
  name: string;
  /** The message of AsyncAPI, the operation of OpenAPI. */
  pointer: string;
  node: JsonObject;
  /** Where the schema of the data stands; null where there is none. */
  schemaAt: string | null;
  example: Place | null;
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
  const { place } = followed;
  if (isJsonObject(place.value)) return { ok: true, pointer: place.pointer, value: place.value };
  return { ok: false, errors: [{ pointer: place.pointer, detail: 'must be an object' }] };
}
