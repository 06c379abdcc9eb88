import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Loading } from '../parts/page/states.tsx';
import type { PageRoute, Screen } from './define-screen.ts';
import type { Entry } from './entry.ts';
import { NotFound } from './not-found.tsx';
import { PageFault } from './page-fault.tsx';
import { ScreenGate } from './screen-gate.tsx';
import { Shell } from './shell.tsx';

/** Creates the router of an application from its screens. */
export function createAppRouter(entry: Entry, screens: readonly Screen[], queries: QueryClient) {
  const root = createRootRoute({
    component: () => <Shell screens={screens} />,
    notFoundComponent: NotFound,
    errorComponent: PageFault,
  });
  const pageRoute = (screen: Screen, { path, filters, load }: PageRoute) => {
    const Page = lazyRouteComponent(load, 'Page');
    return createRoute({
      getParentRoute: () => root,
      path,
      validateSearch: (search: Record<string, unknown>) => ({ ...filters?.read(search) }),
      component: () => (
        <ScreenGate scope={screen.scope}>
          <Page />
        </ScreenGate>
      ),
      loader: () => Page.preload?.(),
    });
  };
  const pages = screens.flatMap((screen) => screen.pages.map((page) => pageRoute(screen, page)));
  const start = createRoute({
    getParentRoute: () => root,
    path: '/',
    beforeLoad: () => {
      // oxlint-disable-next-line typescript/only-throw-error -- the router's signal, as its API documents it
      throw redirect({ to: startPath(screens) });
    },
  });
  const hasStart = screens.some((screen) => screen.pages.some(({ path }) => path === '/'));
  return createRouter({
    routeTree: root.addChildren(hasStart ? pages : [...pages, start]),
    basepath: entry === 'portal' ? '/portal' : '/',
    context: { queries },
    defaultPreload: 'intent',
    defaultPendingComponent: Loading,
    defaultErrorComponent: PageFault,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
    // Plain text: the router would otherwise read `?q=1` as a number and write quotes around it.
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const set = Object.entries(search).filter(([, value]) => value !== undefined);
      const text = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
      return text === '' ? '' : `?${text}`;
    },
  });
}

/** Returns where an application without a page at its root begins: at the first screen of its navigation. */
function startPath(screens: readonly Screen[]): string {
  const inOrder = screens
    .filter(({ nav }) => nav?.group === 'traffic')
    .sort((a, b) => orderOf(a) - orderOf(b));
  return inOrder[0]?.pages[0]?.path ?? '/deliveries';
}

const orderOf = ({ nav }: Screen): number => nav?.order ?? 0;
