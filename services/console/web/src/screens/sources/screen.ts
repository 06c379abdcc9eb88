import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { receivedFilters, sourceFilters } from './source-filters.ts';

/** Sources: third-party webhooks that become events, and what came in. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'sources:write',
  nav: { label: catalogue({ en: 'Sources' }), group: 'registry', order: 40 },
  pages: [
    { path: '/sources', filters: sourceFilters, load: () => import('./source-list.tsx') },
    { path: '/sources/new', load: () => import('./new-source.tsx') },
    { path: '/sources/$id', filters: receivedFilters, load: () => import('./source-detail.tsx') },
  ],
});
