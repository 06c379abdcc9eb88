import type { Schemas } from '../../../api/client.ts';
import { readJsonText } from '../../../parts/code/json-text.ts';
import type { Faults } from '../../../parts/form/faults.ts';
import { texts } from '../texts.ts';

type EventType = Schemas['EventType'];

/** The values of the form of an event type. JSON and times are texts; an empty one is none. */
export type TypeValues = Readonly<{
  name: string;
  description: string;
  group: string;
  state: EventType['state'];
  sunset_at: string;
  mode: EventType['mode'];
  audience: EventType['audience'];
  compatibility: EventType['compatibility'];
  schema: string;
  example: string;
}>;

/** A new type, with the defaults of the API. */
export const newValues: TypeValues = {
  ...{ name: '', description: '', group: '', state: 'active', sunset_at: '' },
  ...{ mode: 'enforce', audience: 'broadcast', compatibility: 'forward', schema: '', example: '' },
};

const jsonText = (value: unknown): string => (value === null ? '' : JSON.stringify(value, null, 2));

/** Returns the values of a type. */
export const valuesOf = (type: EventType): TypeValues => ({
  name: type.name,
  description: type.description ?? '',
  group: type.group ?? '',
  state: type.state,
  sunset_at: type.sunset_at ?? '',
  mode: type.mode,
  audience: type.audience,
  compatibility: type.compatibility,
  schema: jsonText(type.schema),
  example: jsonText(type.example),
});

/** Finds texts that are not JSON; everything else the API checks. */
export function checkValues(values: Pick<TypeValues, 'schema' | 'example'>): Faults {
  const faulty = (['schema', 'example'] as const).filter(
    (name) => values[name].trim() !== '' && !readJsonText(values[name]).ok,
  );
  return new Map(faulty.map((name) => [name, texts.form.notJson]));
}

const textOrNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

/** Returns the value of a text that is JSON; null for an empty one. */
export const jsonOf = (text: string): unknown => (text.trim() === '' ? null : (JSON.parse(text) as unknown));

/** Returns what a request sets. */
export const bodyOf = (values: TypeValues) => ({
  description: textOrNull(values.description),
  group: textOrNull(values.group),
  state: values.state,
  sunset_at: textOrNull(values.sunset_at),
  mode: values.mode,
  audience: values.audience,
  compatibility: values.compatibility,
  schema: jsonOf(values.schema) as EventType['schema'],
  example: jsonOf(values.example) as EventType['example'],
});
