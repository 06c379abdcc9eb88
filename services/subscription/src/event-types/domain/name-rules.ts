import { isEventTypeName, isReservedEventType } from '@tidings/contracts';

// Path segments of the catalogue's own routes.
const taken: ReadonlySet<string> = new Set(['export', 'import']);

const registrable = /^[a-z0-9_]+(\.[a-z0-9_]+)*$/;

/** Returns a description of why a name cannot be registered, or null if it can. */
export function nameFault(name: string): string | null {
  if (isReservedEventType(name)) {
    return `'${name}' is reserved: Tidings itself publishes tidings.* and webhook.test`;
  }
  if (taken.has(name)) return `'${name}' is a path of this API: choose another name, or one with two parts`;
  if (!isEventTypeName(name)) return 'must be parts of letters, digits and _, separated by dots';
  return registrable.test(name)
    ? null
    : 'must be in lower case (a-z, 0-9, _, parts separated by dots): names that differ only in case are easily confused';
}
