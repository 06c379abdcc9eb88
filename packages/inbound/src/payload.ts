import { isUtf8 } from 'node:buffer';
import { ExactNumber, elementsOf, membersOf, parseExactly } from '@tidings/json';

/** A body, or an item of one. */
export type Payload = Readonly<{
  /**
   * The data of the event: the bytes as received if they are JSON in UTF-8, else `{ content_type, form?, body_base64 }`.
   */
  data: Buffer;
  /** The parsed JSON, or the fields of a form; undefined for anything else. */
  value: unknown;
  /** SHA-256 of the data, in hex, if they are too large to be held: `data` is empty then. */
  sha256?: string;
}>;

/** Maximum nesting of JSON, as for published events: recursive readers must not exhaust their stack. */
export const maxPayloadDepth = 128;

const depthOf = (json: Buffer, value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  const parts = Array.isArray(value) ? elementsOf(json) : membersOf(json);
  return 1 + parts.reduce((deepest, { depth }) => Math.max(deepest, depth), 0);
};

const jsonOf = (body: Buffer): Payload | null => {
  if (!isUtf8(body)) return null;
  try {
    const value = parseExactly(body);
    return depthOf(body, value) > maxPayloadDepth ? null : { data: body, value };
  } catch {
    // Kept as bytes: the signature is right, so it is what the provider sent.
    return null;
  }
};

const formType = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/** Maximum number of fields of a form. Forms are read before they are verified, and providers send some dozens. */
const maxFormFields = 1_000;

/** Returns true if the form may have more than the maximum of fields. Empty ones count. */
function hasTooManyFields(body: Buffer): boolean {
  let count = 1;
  for (let at = body.indexOf('&'); at >= 0; at = body.indexOf('&', at + 1)) {
    count += 1;
    if (count > maxFormFields) return true;
  }
  return false;
}

/** The fields of a form, by name; a repeated one is a list. */
export type FormFields = Readonly<Record<string, string | readonly string[]>>;

/** Returns the fields of a form; null if there are more than {@link maxFormFields}. */
export function formFields(body: Buffer): FormFields | null {
  if (hasTooManyFields(body)) return null;
  const values = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(body.toString('latin1'))) {
    const all = values.get(name);
    if (all === undefined) values.set(name, [value]);
    else all.push(value);
  }
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? '') : all]),
  );
}

/** Reads a verified body. Never throws: what is no JSON, or a form of too many fields, is kept as bytes alone. */
export function readPayload(body: Buffer, contentType: string | undefined): Payload {
  const isForm = formType.test(contentType ?? '');
  const json = isForm ? null : jsonOf(body);
  if (json !== null) return json;
  const form = (isForm ? formFields(body) : null) ?? undefined;
  const envelope = {
    content_type: contentType ?? null,
    ...(form === undefined ? {} : { form }),
    body_base64: body.toString('base64'),
  };
  return { data: Buffer.from(JSON.stringify(envelope)), value: form };
}

/** Returns the elements of an array, each with its bytes as received; null for any other payload. */
export function splitArray({ data, value }: Payload): readonly Payload[] | null {
  if (!Array.isArray(value)) return null;
  return elementsOf(data).map(({ start, end }, at) => ({
    data: data.subarray(start, end),
    value: value[at] as unknown,
  }));
}

/** Returns the JSON in the field `payload` of a form, as some providers send it; any other value as it is. */
export function valueInForm(value: unknown): unknown {
  const text = textAt(value, 'payload');
  if (text === null) return value;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not of that form.
    return value;
  }
}

const step = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (Reflect.get(value, name) as unknown)
    : undefined;

/** Returns the value at a path of member names and indexes; undefined if there is none. */
export const valueAt = (value: unknown, ...path: readonly string[]): unknown => path.reduce(step, value);

const textOf = (found: unknown): string | null => {
  if (typeof found === 'string') return found === '' ? null : found;
  if (found instanceof ExactNumber) return found.toString();
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : null;
};

/** Returns the text, number or truth value at a path as text; null without one. Numbers keep all of their digits. */
export const textAt = (value: unknown, ...path: readonly string[]): string | null =>
  textOf(valueAt(value, ...path));

/** Returns the text at a JSON pointer (RFC 6901); null without one. */
export const textAtPointer = (value: unknown, pointer: string): string | null =>
  textAt(
    value,
    ...pointer
      .slice(1)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')),
  );
