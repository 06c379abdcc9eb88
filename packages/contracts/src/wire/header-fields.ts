/** Headers by name in lower case; a header that was repeated is a list. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** Returns the values of a header as one text, joined by `, ` (RFC 9110 section 5.3); undefined without the header. */
export const headerText = (headers: HeaderFields, name: string): string | undefined => {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
};
