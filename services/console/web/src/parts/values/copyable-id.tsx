import type { ReactNode } from 'react';
import { CopyButton } from './copy-button.tsx';
import styles from './copyable-id.module.css';

type Props = Readonly<{
  id: string;
  name: string /** A link with the id as its text. */;
  children?: ReactNode;
}>;

/** An id in full, with a button that copies it. `children` stand in its place, such as a link to what it names. */
export function CopyableId({ id, name, children = false }: Props) {
  return (
    <span className={styles.id}>
      {children === false ? <code>{id}</code> : children}
      <CopyButton text={id} name={name} />
    </span>
  );
}
