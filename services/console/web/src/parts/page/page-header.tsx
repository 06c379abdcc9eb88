import { type ReactNode, useEffect } from 'react';
import { useLook } from '../../app/portal/portal-look.ts';
import { productName } from '../../app/product-name.ts';
import { visibleText } from '../foreign/visible-text.ts';
import styles from './page-header.module.css';

type Props = Readonly<{ title: string; above?: ReactNode; lead?: ReactNode; children?: ReactNode }>;

/** The title of a page, which is the document's too and may be of somebody else; `above` leads back, `children` are its actions. */
export function PageHeader({ title, above, lead, children }: Props) {
  const shown = visibleText(title);
  const { name } = useLook();
  const product = name === null ? productName() : visibleText(name);
  useEffect(() => {
    document.title = `${shown} · ${product}`;
  }, [shown, product]);
  return (
    <header className={styles.header}>
      <div className={styles.titles}>
        {above !== undefined && <div className={styles.above}>{above}</div>}
        <h1>{shown}</h1>
        {lead !== undefined && <div className={styles.lead}>{lead}</div>}
      </div>
      {children !== undefined && <div className={styles.actions}>{children}</div>}
    </header>
  );
}
