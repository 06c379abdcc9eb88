import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { problemOf } from '../api/api-problem.ts';
import { requestsOf } from '../api/request-headers.ts';
import { Toasts } from '../parts/page/toast.tsx';
import '../styles/base.css';
import { language } from '../texts/catalogue.ts';
import type { Entry } from './entry.ts';
import { applyStoredLook } from './portal/portal-look.ts';
import { createAppRouter } from './router.tsx';
import { screensOf } from './screens.ts';
import { SignedIn } from './signed-in.tsx';
import { applyTheme } from './theme.ts';

const maxRetries = 2;

/** Starts one of the two applications. */
export function startApp(entry: Entry): void {
  applyTheme();
  document.documentElement.lang = language;
  requestsOf(entry);
  if (entry === 'portal') applyStoredLook();
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // A refused request will be refused again, and a 503 has waited already for what does not respond.
        retry: (count, error) => {
          const status = problemOf(error)?.status ?? 400;
          return count < maxRetries && (status === 0 || (status >= 500 && status !== 503));
        },
      },
    },
  });
  const router = createAppRouter(entry, screensOf(entry), queries);
  const root = document.getElementById('root');
  if (root === null) throw new Error('The page has no element with the id root.');
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Toasts>
          <SignedIn entry={entry} router={router} />
        </Toasts>
      </QueryClientProvider>
    </StrictMode>,
  );
}
