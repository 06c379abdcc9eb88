/** An object schema in which every property is required and no other is allowed. */
export type ObjectSchema = Readonly<{
  type: 'object';
  properties: Readonly<Record<string, object>>;
  required: readonly string[];
  additionalProperties: false;
}>;

/** Returns an {@link ObjectSchema}. */
export const exactly = (properties: Readonly<Record<string, object>>): ObjectSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** Schema fragments that document kinds share. */
export const shape = {
  text: { type: 'string', minLength: 1 },
  nullableText: { type: ['string', 'null'] },
  count: { type: 'integer', minimum: 0 },
  nullableCount: { type: ['integer', 'null'], minimum: 0 },
  flag: { type: 'boolean' },
} as const;
