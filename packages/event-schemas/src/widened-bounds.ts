import type { JsonObject } from './schema-keywords.ts';

const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];

/** A limit of the old schema that the new one relaxes, as keyword and sentence. */
export type WidenedBound = Readonly<{ keyword: string; detail: string }>;

/** Returns the limits that are relaxed or removed: a reader can receive a value that it could not receive before. */
export function widenedBounds(from: JsonObject, to: JsonObject): readonly WidenedBound[] {
  const found: WidenedBound[] = [];
  const look = (keyword: string, isKept: (old: number, now: number) => boolean): void => {
    const [old, now] = [from[keyword], to[keyword]];
    if (typeof old !== 'number') return;
    if (typeof now === 'number' && isKept(old, now)) return;
    const detail = now === undefined ? `was removed; it was ${old}` : `is now ${String(now)}; it was ${old}`;
    found.push({ keyword, detail });
  };
  for (const keyword of upper) look(keyword, (old, now) => now <= old);
  for (const keyword of lower) look(keyword, (old, now) => now >= old);
  look('multipleOf', (old, now) => Math.abs(Math.round(now / old) - now / old) < 1e-6);
  if (from['uniqueItems'] === true && to['uniqueItems'] !== true) {
    found.push({ keyword: 'uniqueItems', detail: 'was removed; items may now repeat' });
  }
  return found;
}
