import { masked } from '../../registry/domain/audit-entry.ts';

/** Masks the query and the password of a URL, which often are credentials; masks text that is no URL completely. */
export const maskedUrl = (text: string): string => {
  try {
    const url = new URL(text);
    for (const name of url.searchParams.keys()) url.searchParams.set(name, masked);
    if (url.password !== '') url.password = masked;
    return url.href;
  } catch {
    // Not a URL; any part of it may be a credential.
    return masked;
  }
};

/** Masks one field of each element. */
export const maskedIn = (elements: readonly object[], field: string): readonly object[] =>
  elements.map((element) => ({ ...element, [field]: masked }));
