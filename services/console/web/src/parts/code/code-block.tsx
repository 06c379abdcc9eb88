import { CopyButton } from '../values/copy-button.tsx';
import styles from './code-block.module.css';

/** Code or a command to copy. */
export function CodeBlock({ code, name }: Readonly<{ code: string; name: string }>) {
  return (
    <figure className={styles.block}>
      {/* It scrolls, so that the keyboard must reach it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre tabIndex={0} role="group" aria-label={name} dir="ltr">
        {code}
      </pre>
      <figcaption>
        <CopyButton text={code} name={name} />
      </figcaption>
    </figure>
  );
}
