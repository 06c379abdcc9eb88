import type { Fault } from './fault.ts';

/** The pointer to one header (RFC 6901). */
export const headerPointer = (name: string): string =>
  `/headers/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function faultOf(name: string, value: string): string | null {
  if (name.toLowerCase() === 'authorization') {
    return 'Authorization cannot be a custom header: it would be kept and shown unsealed';
  }
  return value === '' || value !== value.trim() ? 'must have a value without blanks at its ends' : null;
}

/**
 * What is wrong with a subscription's own headers as a set. What a single header may be is the HTTP client's to say.
 * Values are never quoted: they may be credentials.
 */
export function headerFaults(headers: Readonly<Record<string, string>>): readonly Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const pointer = headerPointer(name);
    const isRepeated = seen.has(name.toLowerCase());
    const detail = isRepeated ? 'is there twice, in another case' : faultOf(name, value);
    if (detail !== null) faults.push({ pointer, detail });
    seen.add(name.toLowerCase());
  }
  return faults;
}
