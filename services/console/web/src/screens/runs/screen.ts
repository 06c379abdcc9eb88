import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { runFilters } from './run-filters.ts';

/** Runs: the work that events have started in worker applications, step by step. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Runs' }), group: 'traffic', order: 45 },
  pages: [
    { path: '/runs', filters: runFilters, load: () => import('./run-list.tsx') },
    { path: '/runs/$id', load: () => import('./run-detail.tsx') },
  ],
});
