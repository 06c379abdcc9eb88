import { useState } from 'react';
import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import { CopyButton } from '../values/copy-button.tsx';
import styles from './long-data.module.css';
import { hasInvisible, hexDump, prettyText, visibleText } from './visible-text.ts';

const foldedCharacters = 4_000;

type Props = Readonly<{
  text: string;
  /** `base64`: bytes that are no text, shown in hexadecimal. */
  encoding?: 'utf8' | 'base64' | undefined;
  /** Its name, for a screen reader and the copy button. */
  name: string;
}>;

/** Data of somebody else: JSON indented, long data folded, bytes in hexadecimal, invisible characters written out. */
export function LongData({ text, encoding = 'utf8', name }: Props) {
  const [isOpen, setOpen] = useState(false);
  if (text === '') return <p className={styles.note}>{texts.data.empty}</p>;
  const dump = encoding === 'base64' ? hexDump(text) : null;
  const whole = dump?.lines ?? prettyText(text);
  const isLong = whole.length > foldedCharacters;
  const shown = isLong && !isOpen ? whole.slice(0, foldedCharacters) : whole;
  return (
    <figure className={styles.data}>
      {/* A region that scrolls must be reachable by the keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre tabIndex={0} role="group" aria-label={name} dir="ltr">
        {visibleText(shown)}
      </pre>
      <figcaption className={styles.foot}>
        {dump !== null && <span>{texts.data.binary(dump.bytes)}</span>}
        {dump === null && hasInvisible(text) && <span>{texts.data.bidi}</span>}
        {isLong && (
          <Button size="small" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? texts.data.showLess : texts.data.showAll(whole.length)}
          </Button>
        )}
        <CopyButton text={text} name={name} />
      </figcaption>
    </figure>
  );
}
