const bytes = (value: Uint8Array): object => {
  const buffer = Buffer.from(value);
  const text = buffer.toString('utf8');
  return Buffer.from(text).equals(buffer) ? { utf8: text } : { base64: buffer.toString('base64') };
};

/** Returns a value as JSON has it, with bytes as `{ utf8 }` or `{ base64 }`, times as text and maps as lists of pairs. */
export const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return bytes(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(fields.map(([name, each]) => [name, plain(each)]));
};

/** Returns the bytes of a value that {@link plain} has made of them. */
export const bytesIn = (value: Readonly<{ utf8?: string; base64?: string }>): Buffer =>
  value.utf8 === undefined ? Buffer.from(value.base64 ?? '', 'base64') : Buffer.from(value.utf8);
