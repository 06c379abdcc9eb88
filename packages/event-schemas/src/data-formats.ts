import type { Format } from 'ajv';
import { type FormatName, fullFormats } from 'ajv-formats/dist/formats.js';

// Maximum length of each text format, in characters. No longer text is checked for a format, so no check can be slow.
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

/** The text formats that are checked. */
export const textFormats = Object.keys(longest) as readonly (keyof typeof longest)[];

/** The number formats that are checked (OpenAPI's). */
export const numberFormats = ['int32', 'int64', 'float', 'double'] as const;

/** Returns the check of a number format in ajv's form. */
export const numberFormat = (name: (typeof numberFormats)[number]): Format => fullFormats[name];

/** Returns true for the name of a format that a schema may use. */
export const isKnownFormat = (name: string): boolean =>
  [...textFormats, ...numberFormats].some((known) => known === name);

/** Returns a check of one text format, which also refuses any text longer than the format's maximum. */
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
