import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';
import { workspaceFilters } from './workspace-filters.ts';

/** The workspaces of the installation, for keys with the scope `platform`. The page of one is with the settings. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'platform',
  nav: { label: catalogue({ en: 'All workspaces' }), group: 'settings', order: 40 },
  pages: [
    { path: '/workspaces', filters: workspaceFilters, load: () => import('./workspace-list.tsx') },
    { path: '/workspaces/new', load: () => import('./new-workspace.tsx') },
  ],
});
