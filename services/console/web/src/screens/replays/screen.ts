import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { replayFilters } from './replay-filters.ts';

/** Replays: events of the log again, to who missed them or to a new subscription. */
export const screen = defineScreen({
  entries: ['operator', 'portal'],
  scope: 'deliveries:write',
  nav: { label: catalogue({ en: 'Replay' }), group: 'operation', order: 20 },
  pages: [
    { path: '/replays', filters: replayFilters, load: () => import('./replay-page.tsx') },
    { path: '/replays/$id', load: () => import('./replay-detail.tsx') },
  ],
});
