import { Tabs } from '../page/tabs.tsx';
import { CodeBlock } from './code-block.tsx';

/** The same in one language. */
export type Sample = Readonly<{ language: string; code: string }>;

/** Code in several languages, one tab each. */
export function CodeSample({ label, samples }: Readonly<{ label: string; samples: readonly Sample[] }>) {
  return (
    <Tabs
      label={label}
      tabs={samples.map(({ language, code }) => ({
        name: language,
        content: <CodeBlock code={code} name={`${label}: ${language}`} />,
      }))}
    />
  );
}
