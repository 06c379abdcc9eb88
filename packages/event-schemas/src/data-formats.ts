import type { Format } from 'ajv';
import { type FormatName, fullFormats } from 'ajv-formats/dist/formats.js';

// Longest text of each format, in characters. No check of a format is asked about more, so none can take long.
const longest = {
  date: 10,
  time: 64,
  'date-time': 64,
  duration: 64,
  email: 320,
  hostname: 255,
  ipv4: 15,
  ipv6: 45,
  uuid: 45,
  uri: 2_048,
  'uri-reference': 2_048,
  'json-pointer': 2_048,
  'relative-json-pointer': 2_048,
} as const satisfies Partial<Record<FormatName, number>>;

/** The formats of texts that are checked. */
export const textFormats = Object.keys(longest) as readonly (keyof typeof longest)[];

/** The formats of numbers that are checked (OpenAPI's). */
export const numberFormats = ['int32', 'int64', 'float', 'double'] as const;

/** The check of a format of numbers, as ajv takes it. */
export const numberFormat = (name: (typeof numberFormats)[number]): Format => fullFormats[name];

/** True for the name of a format that a schema may use. */
export const isKnownFormat = (name: string): boolean =>
  [...textFormats, ...numberFormats].some((known) => known === name);

/** A check of texts of one format: false also for a text that is longer than any of them can be. */
export function textFormatCheck(name: keyof typeof longest): (text: string) => boolean {
  const format = fullFormats[name];
  const check = checkIn(format);
  return (text) => text.length <= longest[name] && check(text);
}

function checkIn(format: Format): (text: string) => boolean {
  if (format instanceof RegExp) return (text) => format.test(text);
  if (typeof format === 'function') return format as (text: string) => boolean;
  if (typeof format === 'object' && 'validate' in format) return checkIn(format.validate as Format);
  throw new Error('a format of texts has no check');
}
