import { createHash } from 'node:crypto';
import { callerTextRule, eventTypeNameMaxLength } from '@tidings/contracts';

/**
 * Returns the name of an event type: `<prefix>.<their type>`, in the characters that names may have. `:`, `/` and blanks
 * separate parts, any other character becomes `_`. Without a type: `<prefix>.unknown`.
 */
export function eventTypeOf(prefix: string, type: string | null): string {
  const parts = (type ?? '')
    .slice(0, 4 * eventTypeNameMaxLength)
    .split(/[.:/\s]+/)
    .map((part) => part.replace(/[^A-Za-z0-9_]/g, '_'))
    .filter((part) => part !== '');
  const name = [prefix, ...(parts.length === 0 ? ['unknown'] : parts)].join('.');
  return name.slice(0, eventTypeNameMaxLength).replace(/\.$/, '');
}

const maxLength = 256;
const allowed = new RegExp(callerTextRule(maxLength).pattern, 'u');

/** Returns a text that an event may have as id or ordering key: itself, or its hash if it is too long or not printable. */
export function callerText(text: string): string {
  const isAllowed = text.length <= maxLength && allowed.test(text);
  return isAllowed ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
