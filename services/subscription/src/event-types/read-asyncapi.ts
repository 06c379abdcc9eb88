import { followReferences, isJsonObject, type JsonObject, type SchemaLocation } from '@tidings/event-schemas';
import { pointerPart } from '@tidings/json';
import { type DocumentEntry, objectAt, unreadEntry } from './document-entry.ts';

// Default schema format of AsyncAPI, and JSON Schema. The schema check reports keywords that have another meaning in
// another draft.
const schemaFormats =
  /^application\/(schema\+json(;version=draft-2020-12)?|vnd\.aai\.asyncapi(\+json)?;version=3\.\d+\.\d+)$/;

/** Returns the messages of an AsyncAPI document, each once, wherever they are defined. */
export function readAsyncApi(document: JsonObject): readonly DocumentEntry[] {
  const entries = new Map<string, DocumentEntry>();
  for (const { pointer, errors } of messageLocations(document)) {
    const lastOf = (location: string): string =>
      location
        .slice(location.lastIndexOf('/') + 1)
        .replaceAll('~1', '/')
        .replaceAll('~0', '~');
    if (errors !== undefined) {
      entries.set(pointer, unreadEntry(lastOf(pointer), pointer, errors));
      continue;
    }
    const found = objectAt(document, pointer);
    if (!found.ok) {
      entries.set(pointer, unreadEntry(lastOf(pointer), pointer, found.errors));
      continue;
    }
    const { value } = found;
    const name = typeof value['name'] === 'string' ? value['name'] : lastOf(found.pointer);
    entries.set(found.pointer, readMessage(document, name, found));
  }
  return [...entries.values()];
}

type MessageLocation = Readonly<{ pointer: string; errors?: DocumentEntry['errors'] }>;

function messageLocations(document: JsonObject): readonly MessageLocation[] {
  const { components, channels } = document;
  const within = (value: unknown, pointer: string): MessageLocation[] =>
    isJsonObject(value)
      ? Object.keys(value).map((key) => ({ pointer: `${pointer}/${pointerPart(key)}` }))
      : [];
  const ofComponents = isJsonObject(components) ? within(components['messages'], '/components/messages') : [];
  const ofChannels = within(channels, '/channels').flatMap(({ pointer }): MessageLocation[] => {
    const channel = objectAt(document, pointer);
    if (!channel.ok) return [{ pointer, errors: channel.errors }];
    return within(channel.value['messages'], `${channel.pointer}/messages`);
  });
  return [...ofComponents, ...ofChannels];
}

function readMessage(
  document: JsonObject,
  name: string,
  { pointer, value: node }: Readonly<{ pointer: string; value: JsonObject }>,
): DocumentEntry {
  const entry = {
    ...unreadEntry(name, pointer, []),
    node,
    example: exampleOf(node, pointer),
    group: groupOf(node),
  };
  if (node['payload'] === undefined) return entry;
  const payload = followReferences(document, `${pointer}/payload`);
  if (!payload.ok) return { ...entry, errors: payload.errors };
  const { location } = payload;
  const format = isJsonObject(location.value) ? location.value['schemaFormat'] : undefined;
  if (format === undefined) return { ...entry, schemaAt: location.pointer };
  if (typeof format === 'string' && schemaFormats.test(format)) {
    return { ...entry, schemaAt: `${location.pointer}/schema` };
  }
  const detail = `must be JSON Schema (application/schema+json;version=draft-2020-12), got ${JSON.stringify(format).slice(0, 80)}`;
  return { ...entry, errors: [{ pointer: `${location.pointer}/schemaFormat`, detail }] };
}

function exampleOf(node: JsonObject, pointer: string): SchemaLocation | null {
  if (node['x-example'] !== undefined) return { pointer: `${pointer}/x-example`, value: node['x-example'] };
  const { examples } = node;
  const first: unknown = Array.isArray(examples) ? examples[0] : undefined;
  if (!isJsonObject(first) || first['payload'] === undefined) return null;
  return { pointer: `${pointer}/examples/0/payload`, value: first['payload'] };
}

function groupOf({ tags }: JsonObject): unknown {
  const first: unknown = Array.isArray(tags) ? tags[0] : undefined;
  return isJsonObject(first) ? first['name'] : undefined;
}
