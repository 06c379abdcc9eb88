import type { Schemas } from '../../api/client.ts';

/** Returns the example of a type as text to begin with; an empty object without one. */
export const exampleText = ({ example }: Pick<Schemas['EventType'], 'example'>): string =>
  JSON.stringify(example ?? {}, null, 2);
