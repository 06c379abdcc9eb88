import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { auditFilters } from './audit-filters.ts';

/** The audit log: who changed what in the workspace. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'admin',
  nav: { label: catalogue({ en: 'Audit log' }), group: 'settings', order: 30 },
  pages: [
    { path: '/audit-log', filters: auditFilters, load: () => import('./audit-list.tsx') },
    { path: '/audit-log/$id', load: () => import('./audit-entry.tsx') },
  ],
});
