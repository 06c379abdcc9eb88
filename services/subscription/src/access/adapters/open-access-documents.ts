import type { AccessRecord } from '@tidings/contracts';
import type { OpenRegistry } from '../../registry/adapters/open-registry.ts';
import type { Documents } from '../../registry/documents.ts';
import type { Versioned } from '../../registry/domain/versioned.ts';
import { pagesOf } from '../../registry/maintenance/sweep-unpublished.ts';
import { apiKeyKind, consumerKind, tokenKeyKind } from '../access-kinds.ts';
import { type ApiKey, apiKeyRecord } from '../domain/api-key.ts';
import { type Consumer, consumerRecord } from '../domain/consumer.ts';
import { type TokenKey, tokenKeyRecord } from '../domain/token-key.ts';
import { type Workspace, workspaceRecord } from '../domain/workspace.ts';
import { workspaceKind } from '../workspace-kind.ts';

/** Documents that define who may call the API. */
export type AccessDocuments = Readonly<{
  workspaces: Documents<Workspace>;
  consumers: Documents<Consumer>;
  apiKeys: Documents<ApiKey>;
  tokenKeys: Documents<TokenKey>;
}>;

/** Opens the document kinds of the access topic. */
export const openAccessDocuments = (registry: OpenRegistry): AccessDocuments => ({
  workspaces: registry.documents(workspaceKind),
  consumers: registry.documents(consumerKind),
  apiKeys: registry.documents(apiKeyKind),
  tokenKeys: registry.documents(tokenKeyKind),
});

/** Reads from the registry all records that the access topic would contain. */
export async function readAccessRecords(documents: AccessDocuments): Promise<readonly AccessRecord[]> {
  const { workspaces, consumers, apiKeys, tokenKeys } = documents;
  return [
    ...(await recordsOf(workspaces, workspaceRecord)),
    ...(await recordsOf(consumers, consumerRecord)),
    ...(await recordsOf(apiKeys, apiKeyRecord)),
    ...(await recordsOf(tokenKeys, tokenKeyRecord)),
  ];
}

async function recordsOf<T extends Versioned>(
  { store }: Documents<T>,
  recordOf: (entity: T) => AccessRecord,
): Promise<readonly AccessRecord[]> {
  const records: AccessRecord[] = [];
  for await (const page of pagesOf(async (page) => store.listAll(page))) records.push(...page.map(recordOf));
  return records;
}
