import type { ReactNode } from 'react';
import { problemOf } from '../../api/api-problem.ts';
import { texts } from '../../texts/index.ts';
import { Button } from './button.tsx';
import styles from './states.module.css';

type NoticeProps = Readonly<{
  title: string;
  hint?: ReactNode;
  role?: 'alert';
  /** It stands in place of the whole page, so that its title is that of the page. */
  isPage?: boolean;
  children?: ReactNode;
}>;

/** A text in place of content: a title, what it means, and what to do. */
export function Notice({ title, hint, role, isPage = false, children }: NoticeProps) {
  return (
    <section className={styles.notice} role={role}>
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {hint !== undefined && <p>{hint}</p>}
      {children !== undefined && <div className={styles.actions}>{children}</div>}
    </section>
  );
}

/** Shown while data is on its way. It appears after a moment, so that fast answers do not flicker. */
export function Loading() {
  return (
    <p className={styles.loading} role="status">
      {texts.loading}
    </p>
  );
}

/** Nothing is here yet: says what to do. */
export function Empty({ title, hint, children }: Omit<NoticeProps, 'role'>) {
  return (
    <Notice title={title} hint={hint}>
      {children}
    </Notice>
  );
}

/** The key lacks a scope: shown in place of a page. */
export function NotAllowed({ scope }: Readonly<{ scope: string }>) {
  return <Notice title={texts.notAllowed.title} hint={texts.notAllowed.hint(scope)} isPage />;
}

type ErrorProps = Readonly<{ error: unknown; onRetry?: () => void; isPage?: boolean }>;

/** Data could not be loaded: what, why, and a button that tries again. Says so where the key may not, or nothing is. */
export function ErrorState({ error, onRetry, isPage = false }: ErrorProps) {
  const problem = problemOf(error);
  // A fault of the page, not of a request: the page's error boundary shows it.
  if (problem === null) throw error;
  if (problem.status === 403) {
    return <Notice title={texts.notAllowed.title} hint={problem.message} isPage={isPage} />;
  }
  if (problem.status === 404) {
    return <Notice title={texts.notFound.title} hint={texts.notFound.hint} isPage={isPage} />;
  }
  // The API's own words are about repeating a change; here something is read.
  const hint = problem.status === 503 ? texts.error.unavailable : problem.message;
  return (
    <Notice title={texts.error.title} hint={hint} role="alert" isPage={isPage}>
      {onRetry !== undefined && <Button onClick={onRetry}>{texts.error.retry}</Button>}
      {problem.traceId !== undefined && (
        <span className={styles.trace}>
          {texts.error.trace} <code>{problem.traceId}</code>
        </span>
      )}
    </Notice>
  );
}
