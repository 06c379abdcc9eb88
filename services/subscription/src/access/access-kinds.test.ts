import { workspaceId } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { beginWorkspace, defaultRules } from './domain/workspace.ts';
import { workspaceKind } from './workspace-kind.ts';

it('the record of a workspace is the same after creation and after reading it', () => {
  const made = beginWorkspace(workspaceId('ws_1'), { ...defaultRules, name: 'Shop' }, 5);
  const { value } = workspaceKind.encode(made);
  const read = workspaceKind.fromDocument(workspaceKind.toDocument(made));
  expect(workspaceKind.encode(read).value?.toString()).toBe(value?.toString());
});

it('reads a workspace that was stored before retention could be set', () => {
  const made = beginWorkspace(workspaceId('ws_1'), { ...defaultRules, name: 'Shop' }, 5);
  const { retention_days, ...document } = workspaceKind.toDocument(made) as Record<string, unknown>;
  expect(retention_days).toBeNull();
  const read = workspaceKind.fromDocument({ ...document, schema_version: 1 });
  expect(read.rules).toEqual(made.rules);
});
