import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { newExportFilters } from './export-filters.ts';

/** Exports: files of what the lists show. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'deliveries:read',
  nav: { label: catalogue({ en: 'Exports' }), group: 'operation', order: 30 },
  pages: [
    { path: '/exports', load: () => import('./export-list.tsx') },
    { path: '/exports/new', filters: newExportFilters, load: () => import('./new-export.tsx') },
  ],
});
