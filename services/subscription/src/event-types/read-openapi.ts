import { followReferences, isJsonObject, type JsonObject, type SchemaLocation } from '@tidings/event-schemas';
import { pointerPart } from '@tidings/json';
import { type DocumentEntry, objectAt, unreadEntry } from './document-entry.ts';

// Fields of the format `standard`. A body with all of them has its data in `data`; otherwise the whole body is the
// data.
const envelope = ['id', 'type', 'timestamp', 'data'] as const;

/** Returns the webhooks of an OpenAPI document. */
export const readOpenApi = (document: JsonObject): readonly DocumentEntry[] =>
  Object.keys(document['webhooks'] as object).map((name) =>
    readWebhook(document, name, `/webhooks/${pointerPart(name)}`),
  );

function readWebhook(document: JsonObject, name: string, at: string): DocumentEntry {
  const item = objectAt(document, at);
  if (!item.ok) return unreadEntry(name, at, item.errors);
  const { post } = item.value;
  const pointer = `${item.pointer}/post`;
  if (!isJsonObject(post)) {
    return unreadEntry(name, item.pointer, [{ pointer, detail: 'must be an object: a webhook is a POST' }]);
  }
  const tags: unknown = post['tags'];
  const entry = {
    ...unreadEntry(name, pointer, []),
    node: post,
    group: Array.isArray(tags) ? (tags[0] as unknown) : undefined,
    example: locationIn(post, pointer, 'x-example'),
  };
  if (post['requestBody'] === undefined) return entry;
  const body = objectAt(document, `${pointer}/requestBody`);
  if (!body.ok) return { ...entry, errors: body.errors };
  const content = isJsonObject(body.value['content']) ? body.value['content'] : {};
  const type = Object.keys(content).find((one) => /^application\/([\w.-]+\+)?json\b/.test(one));
  const contentAt = `${body.pointer}/content`;
  if (type === undefined) {
    return { ...entry, errors: [{ pointer: contentAt, detail: 'must have application/json' }] };
  }
  const media = objectAt(document, `${contentAt}/${pointerPart(type)}`);
  return media.ok ? withMedia(document, entry, media) : { ...entry, errors: media.errors };
}

type Media = Readonly<{ pointer: string; value: JsonObject }>;

function withMedia(document: JsonObject, entry: DocumentEntry, media: Media): DocumentEntry {
  const example = entry.example ?? exampleOf(document, media);
  if (media.value['schema'] === undefined) return { ...entry, example };
  const schema = followReferences(document, `${media.pointer}/schema`);
  if (!schema.ok) return { ...entry, errors: schema.errors };
  const { pointer, value } = schema.location;
  const properties = isJsonObject(value) ? value['properties'] : undefined;
  const isEnvelope = isJsonObject(properties) && envelope.every((field) => Object.hasOwn(properties, field));
  if (!isEnvelope) return { ...entry, example, schemaAt: pointer };
  const ofData =
    entry.example ??
    (example !== null && isJsonObject(example.value)
      ? locationIn(example.value, example.pointer, 'data')
      : null);
  return { ...entry, example: ofData, schemaAt: `${pointer}/properties/data` };
}

function locationIn(node: JsonObject, pointer: string, field: string): SchemaLocation | null {
  const value = node[field];
  return value === undefined ? null : { pointer: `${pointer}/${field}`, value };
}

function exampleOf(document: JsonObject, { pointer, value }: Media): SchemaLocation | null {
  if (value['example'] !== undefined) return locationIn(value, pointer, 'example');
  const { examples } = value;
  const [first] = isJsonObject(examples) ? Object.keys(examples) : [];
  if (first === undefined) return null;
  const found = objectAt(document, `${pointer}/examples/${pointerPart(first)}`);
  return found.ok ? locationIn(found.value, found.pointer, 'value') : null;
}
