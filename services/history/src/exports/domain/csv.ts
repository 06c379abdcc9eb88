import { RawJson } from './raw-json.ts';

/**
 * The beginning of a text that a spreadsheet runs as a formula: one of these signs, the full-width ones included.
 * Marks that show nothing, such as those of the writing direction, may precede it.
 */
const formula = /^[\p{Cf}\p{Zs}]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/u;

const nul = /\0/g;
const replacement = '\ufffd';

/**
 * Returns the text that a spreadsheet shows and never runs: an apostrophe precedes what would be a formula. NUL, which
 * ends the text in many programs, becomes U+FFFD.
 */
export const defused = (text: string): string => {
  const whole = text.includes('\0') ? text.replace(nul, replacement) : text;
  return formula.test(whole) ? `'${whole}` : whole;
};

const special = /[",\r\n]/;

const textOf = (value: unknown): string => {
  if (value instanceof RawJson) return value.text;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** Returns a cell of RFC 4180: text defused, objects as JSON, null as nothing. */
export const csvCell = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  // A number or boolean is never a formula.
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = defused(textOf(value));
  return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Returns a line of cells with its end, CRLF as RFC 4180 defines it. */
export const csvLine = (values: readonly unknown[]): string => `${values.map(csvCell).join(',')}\r\n`;

/** Returns the value at a path of field names, undefined if there is none. */
export const valueAt = (row: object, path: readonly string[]): unknown => {
  let value: unknown = row;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
};
