/** A type of the catalogue, as the picker shows it. */
export type KnownType = Readonly<{ name: string; description: string | null }>;

/** One thing to choose: a type, a family of types, or all. */
export type EventOption = Readonly<{
  pattern: string;
  description: string | null;
  /** Types of a family. */
  count: number | null;
}>;

/** Returns true if a pattern matches every event that another one matches. Reserved names are matched in full only. */
export function covers(pattern: string, other: string): boolean {
  if (pattern === other) return false;
  if (other === 'tidings' || other.startsWith('tidings.') || other === 'webhook.test') return false;
  if (pattern === '*') return true;
  return pattern.endsWith('.*') && other.startsWith(pattern.slice(0, -1));
}

/** Returns what there is to choose for a search: families of two types or more, then the types, both by name. */
export function eventOptions(types: readonly KnownType[], search: string): readonly EventOption[] {
  const wanted = search.trim().toLowerCase();
  const counts = new Map<string, number>();
  for (const { name } of types) {
    const parts = name.split('.');
    for (let at = 1; at < parts.length; at += 1) {
      const family = `${parts.slice(0, at).join('.')}.*`;
      counts.set(family, (counts.get(family) ?? 0) + 1);
    }
  }
  const families = [...counts]
    .filter(([, count]) => count > 1)
    .map(([pattern, count]): EventOption => ({ pattern, description: null, count }));
  const names = types.map(
    ({ name, description }): EventOption => ({ pattern: name, description, count: null }),
  );
  return [...families, ...names]
    .filter(
      ({ pattern, description }) =>
        wanted === '' ||
        pattern.toLowerCase().includes(wanted) ||
        (description ?? '').toLowerCase().includes(wanted),
    )
    .sort((a, b) => (a.pattern < b.pattern ? -1 : 1));
}

/** Returns true for a text that can be a name or a pattern: the API has the last word. */
export const canBePattern = (text: string): boolean => /^(\*|[\w]+(\.[\w]+)*(\.\*)?)$/.test(text);
