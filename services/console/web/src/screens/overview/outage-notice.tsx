import type { Schemas } from '../../api/client.ts';
import { outageOf } from './outage.ts';
import styles from './overview.module.css';
import { texts } from './texts.ts';

/** Says above all figures what does not respond, and what works without it: without this nothing looks wrong. */
export function OutageNotice({ system: { errors } }: Readonly<{ system: Schemas['System'] }>) {
  const outage = outageOf(errors);
  if (outage === null) return null;
  const names = errors.map(({ part }) => texts.partNames[part] ?? part);
  return (
    <div role="alert" className={styles.fault}>
      <h2>{texts.outages[outage].title}</h2>
      <p>{texts.outages[outage].effect}</p>
      <p>{texts.outages[outage].works}</p>
      <p>{texts.unread(names)}</p>
    </div>
  );
}
