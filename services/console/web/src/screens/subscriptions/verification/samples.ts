import type { Schemas } from '../../../api/client.ts';
import type { Sample } from '../../../parts/code/code-sample.tsx';
import goV1 from './v1.go?raw';
import nodeV1 from './v1.mjs?raw';
import phpV1 from './v1.php?raw';
import pythonV1 from './v1.py?raw';
import goV1a from './v1a.go?raw';
import nodeV1a from './v1a.mjs?raw';
import phpV1a from './v1a.php?raw';
import pythonV1a from './v1a.py?raw';

type Style = Schemas['Subscription']['signature_style'];

const v1: readonly Sample[] = [
  { language: 'Node.js', code: nodeV1 },
  { language: 'Python', code: pythonV1 },
  { language: 'PHP', code: phpV1 },
  { language: 'Go', code: goV1 },
];
const v1a: readonly Sample[] = [
  { language: 'Node.js', code: nodeV1a },
  { language: 'Python', code: pythonV1a },
  { language: 'PHP', code: phpV1a },
  { language: 'Go', code: goV1a },
];

/** Returns receivers that verify the signature: of `plain`, whose requests have that of `v1` too, the stronger one. */
export const samplesOf = (style: Style): readonly Sample[] => (style === 'v1a' ? v1a : v1);

/** Returns the variable of the environment that the samples read. */
export const variableOf = (style: Style): string =>
  style === 'v1a' ? 'WEBHOOK_PUBLIC_KEY' : 'WEBHOOK_SECRET';
