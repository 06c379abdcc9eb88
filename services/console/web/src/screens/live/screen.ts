import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { liveFilters } from './live-filters.ts';

/** Live tail: what happens while it happens. Not at `/live`, which is the health of the console. */
export const screen = defineScreen({
  entries: ['operator', 'portal'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Live tail' }), group: 'traffic', order: 50 },
  pages: [{ path: '/tail', filters: liveFilters, load: () => import('./live-page.tsx') }],
});
