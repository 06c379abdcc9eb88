import { Link } from '@tanstack/react-router';
import { texts } from '../texts/index.ts';
import type { NavItem, Screen } from './define-screen.ts';
import styles from './navigation.module.css';
import { useSession } from './session-context.ts';

const groups = [
  'traffic',
  'registry',
  'operation',
  'settings',
] as const satisfies readonly NavItem['group'][];

/** The links to the screens that the key may see, in their groups. */
export function Navigation({ screens }: Readonly<{ screens: readonly Screen[] }>) {
  const { entry, session } = useSession();
  const scopes: readonly string[] = session.identity.scopes;
  const may = (scope: string | undefined) =>
    scope === undefined || scopes.includes(scope) || (scope !== 'platform' && scopes.includes('admin'));
  const shown = screens.flatMap(({ nav, scope, pages }) =>
    nav !== undefined && may(scope) ? [{ ...nav, to: pages[0]?.path ?? '/' }] : [],
  );
  const names = entry === 'portal' ? texts.portalGroups : texts.groups;
  return groups.map((group) => {
    const items = shown.filter((item) => item.group === group).sort((a, b) => a.order - b.order);
    if (items.length === 0) return null;
    return (
      <section key={group} className={styles.group} aria-label={names[group]}>
        <p className={styles.title} aria-hidden="true">
          {names[group]}
        </p>
        <ul>
          {items.map(({ label, to }) => (
            <li key={to}>
              <Link
                to={to}
                className={styles.link ?? ''}
                activeOptions={{ exact: to === '/', includeSearch: false }}
              >
                {typeof label === 'string' ? label : label[entry]}
              </Link>
            </li>
          ))}
        </ul>
      </section>
    );
  });
}
