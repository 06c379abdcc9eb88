import { hash } from 'node:crypto';
import {
  type AccessRecord,
  type AccessScope,
  accessScopes,
  consumerId,
  type EventTypePolicy,
  encodeAccess,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import { eventually } from './eventually.ts';

/** A key for a test: by default all scopes in an open workspace. */
export type TestKey = Readonly<{
  key: string;
  /** Id of the key; derived from workspace and key by default. */
  id?: string;
  workspaceId: string;
  consumerId?: string;
  scopes?: readonly AccessScope[];
  policy?: EventTypePolicy;
  /** True: its events may be spooled. */
  spool?: boolean;
  maxPayloadBytes?: number;
}>;

/** Publishes a workspace and one of its keys to the access topic, as the subscription service would. */
export async function publishTestKey(producer: Pick<Producer, 'publishAll'>, test: TestKey): Promise<void> {
  const workspace = workspaceId(test.workspaceId);
  const records: readonly AccessRecord[] = [
    {
      type: 'WorkspaceChanged.v1',
      id: workspace,
      version: 1,
      state: 'active',
      name: workspace,
      eventTypePolicy: test.policy ?? 'open',
      allowHttp: true,
      maxSubscriptions: 1_000,
      disableAfterFailures: 100,
      notice: null,
    },
    {
      type: 'ApiKeyChanged.v1',
      id: test.id ?? `key_${hash('sha256', `${workspace} ${test.key}`, 'hex').slice(0, 32)}`,
      workspaceId: workspace,
      consumerId: test.consumerId === undefined ? null : consumerId(test.consumerId),
      version: 1,
      state: 'active',
      hash: hash('sha256', test.key, 'hex'),
      prefix: '',
      scopes: test.scopes ?? accessScopes,
      expiresAtMs: null,
      requestsPerSecond: null,
      ...(test.spool === true && { spool: true }),
      ...(test.maxPayloadBytes !== undefined && { maxPayloadBytes: test.maxPayloadBytes }),
    },
  ];
  await producer.publishAll(records.map((record) => ({ topic: topics.access, ...encodeAccess(record) })));
}

/** Waits until a service has loaded its keys. */
export async function untilKeysLoaded(url: string): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${url}/ready`);
    const report = (await response.json()) as { parts: readonly { name: string; state: string }[] };
    const access = report.parts.find(({ name }) => name === 'access');
    if (access?.state !== 'up')
      throw new Error(`the service has not loaded its keys yet: ${JSON.stringify(report)}`);
  });
}
