import { Link } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';
import styles from './button.module.css';

type Props = ComponentProps<'button'> &
  Readonly<{ kind?: 'primary' | 'normal' | 'quiet' | 'danger'; size?: 'normal' | 'small' }>;

/** A button. One `primary` a page; `danger` for what cannot be undone. */
export function Button({
  kind = 'normal',
  size = 'normal',
  type = 'button',
  className = '',
  ...props
}: Props) {
  return (
    <button
      {...props}
      type={type}
      data-kind={kind}
      data-size={size}
      className={`${styles.button} ${className}`}
    />
  );
}

type LinkProps = Readonly<{ to: string; search?: object; kind?: Props['kind']; children: ReactNode }>;

/** A link that looks like a button, such as one to the page that creates something. */
export function ButtonLink({ to, search, kind = 'normal', children }: LinkProps) {
  return (
    <Link
      to={to}
      {...(search === undefined ? {} : { search: search as never })}
      data-kind={kind}
      data-size="normal"
      className={styles.button ?? ''}
    >
      {children}
    </Link>
  );
}
