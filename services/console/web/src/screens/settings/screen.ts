import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';

/** The settings of a workspace: one's own, and, for keys with the scope `platform`, of any. */
export const screen = defineScreen({
  entries: ['operator'],
  scope: 'admin',
  nav: { label: catalogue({ en: 'Workspace settings' }), group: 'settings', order: 20 },
  pages: [
    { path: '/settings', load: () => import('./own-settings.tsx') },
    { path: '/workspaces/$id', load: () => import('./workspace-page.tsx') },
  ],
});
