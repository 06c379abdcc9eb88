import type { Schemas } from '../../../api/client.ts';
import { CodeSample } from '../../../parts/code/code-sample.tsx';
import { texts } from '../texts.ts';
import { samplesOf, variableOf } from './samples.ts';
import styles from './verification.module.css';

type Props = Readonly<{ subscription: Pick<Schemas['Subscription'], 'signature_style' | 'public_key'> }>;

const t = texts.verification;

/** Receivers in several languages that accept only what this subscription has signed. */
export function Verification({ subscription: { signature_style, public_key } }: Props) {
  const variable = variableOf(signature_style);
  return (
    <div className={styles.code}>
      <h3>{t.title}</h3>
      <p className={styles.hint}>
        {t.hint} <code>{`${variable}=${public_key ?? 'whsec_…'}`}</code>
      </p>
      {signature_style === 'plain' && <p className={styles.hint}>{t.plain}</p>}
      <CodeSample label={t.label} samples={samplesOf(signature_style)} />
    </div>
  );
}
