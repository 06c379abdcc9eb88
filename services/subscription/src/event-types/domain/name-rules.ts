import { isEventTypeName, isReservedEventType } from '@tidings/contracts';

// Path segments of the catalogue's own routes.
const taken: ReadonlySet<string> = new Set(['export', 'import']);

const registrable = /^[a-z0-9_]+(\.[a-z0-9_]+)*$/;

/** Returns a description of why a name cannot be registered, or null if it can. */
export function nameFault(name: string): string | null {
  if (isReservedEventType(name)) {
    return `'${name}' is reserved: tidings.* and webhook.test are raised by Tidings itself`;
  }
  if (taken.has(name)) return `'${name}' is a path of this API: take another name, or give it a second part`;
  if (!isEventTypeName(name)) return 'must be parts of letters, digits and _, joined by dots';
  return registrable.test(name)
    ? null
    : 'must be in lower case (a-z, 0-9, _, parts joined by dots): names that differ in case only get mixed up';
}
