import { randomBytes } from 'node:crypto';
import { topics } from '@tidings/contracts';
import { connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { sealingKeyId } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { expectAgreement, openDatabase, recordsOf } from './crashes/registry-agreement.ts';
import { aSite, openBrokers, runCommand, type Said, startReady } from './crashes/registry-process.ts';
import { aKeyRing } from './memory/in-memory-registry.ts';
import { aBody } from './registry-api.ts';

vi.setConfig({ testTimeout: 240_000 });

type Verified = Readonly<{ verified: readonly Readonly<{ disagreements: readonly object[] }>[] }>;

// Separate brokers: on the shared ones the command would repair the records of other registries, one by one.
let brokers: Awaited<ReturnType<typeof openBrokers>>;
beforeAll(async () => {
  brokers = await openBrokers();
});
afterAll(async () => {
  await brokers?.stop();
});

const publishedOf = ({ out }: Said, id: string): readonly object[] =>
  (JSON.parse(out) as Verified).verified
    .flatMap(({ disagreements }) => disagreements)
    .filter((one) => JSON.stringify(one).includes(id));

describe('registry:verify', () => {
  it('reports differences, changes nothing, and repairs them with --repair', async () => {
    const site = aSite(brokers.nodes.brokers);
    const registry = await startReady(site);
    const { body } = await registry.call('POST', '', { body: aBody({ send_test: false }) });
    await expectAgreement(site);
    expect(publishedOf(await runCommand(site, ['verify', '--json']), body.id)).toEqual([]);
    registry.child.kill('SIGKILL');
    await registry.ended;

    const bus = await connectKafka({ brokers: site.brokers, clientId: 'test', logger: silentLogger });
    onTestFinished(async () => bus.close());
    const producer = await bus.producer();
    await producer.publish({ topic: topics.subscriptions, key: body.id, value: null });
    const published = await runCommand(site, ['verify', '--json']);
    expect([published.code, publishedOf(published, body.id)]).toEqual([1, [{ id: body.id, how: 'missing' }]]);
    const table = await runCommand(site, ['verify']);
    expect(table.out).toContain(`${body.id} missing`);

    expect(publishedOf(await runCommand(site, ['verify', '--repair', '--json']), body.id)).toEqual([]);
    await expectAgreement(site);
  });

  it('rejects unknown arguments', async () => {
    const said = await runCommand(aSite(brokers.nodes.brokers), ['check']);
    expect([said.code, said.errors]).toEqual([2, expect.stringContaining('usage: ')]);
  });
});

describe('registry:token-keys', () => {
  it('replaces the key pair beside a running service, and ends what the old one signed', async () => {
    const site = aSite(brokers.nodes.brokers);
    const registry = await startReady(site);
    const body = { consumer_id: 'acme' };
    const { token } = (await registry.callAny('POST', 'consumer-tokens', { body })).body;
    const statusOf = async (): Promise<number> =>
      (await registry.callAny('GET', 'identity', { key: String(token) })).status;
    const workspace = ['token-keys', '--workspace', site.env['WORKSPACE_ID'] ?? ''];
    const added = await runCommand(site, workspace);
    expect([added.code, added.out]).toEqual([0, expect.stringMatching(/\/2 added, .*\/1 may be removed/)]);
    const early = await runCommand(site, [...workspace, '--remove-old']);
    expect([early.code, early.out]).toEqual([1, expect.stringContaining('may be valid for another 62 min')]);
    expect(await statusOf()).toBe(200);
    const removed = await runCommand(site, ['token-keys', '--all', '--remove-old', '--now', '--json']);
    expect([removed.code, JSON.parse(removed.out)]).toMatchObject([
      0,
      { tokenKeys: { workspaces: [{ how: 'removed', isPropagated: true }] } },
    ]);
    await eventually(async () => expect(await statusOf()).toBe(401));
    const { token: next } = (await registry.callAny('POST', 'consumer-tokens', { body })).body;
    expect((await registry.callAny('GET', 'identity', { key: String(next) })).status).toBe(200);
    await expectAgreement(site);
    const unknown = await runCommand(site, ['token-keys', '--workspace', 'ws_none']);
    expect([unknown.code, unknown.errors]).toEqual([1, expect.stringContaining("no workspace 'ws_none'")]);
    for (const args of [[], ['--all', '--workspace', 'ws_a'], ['--all', '--now'], ['--all', '--repair']]) {
      expect((await runCommand(site, ['token-keys', ...args])).code).toBe(2);
    }
  });
});

describe('registry:reseal', () => {
  it('seals everything with the primary key beside a running service, after which the old key can be removed', async () => {
    const [oldKey, newKey] = [aKeyRing(), `k2:${randomBytes(32).toString('base64')}`];
    const site = aSite(brokers.nodes.brokers, `${oldKey},${newKey}`);
    const registry = await startReady(site);
    const secret_headers = { Authorization: 'Bearer hush' };
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.push(
        (await registry.call('POST', '', { body: aBody({ send_test: false, secret_headers }) })).body.id,
      );
    }
    const body = { consumer_id: 'acme' };
    expect((await registry.callAny('POST', 'consumer-tokens', { body })).status).toBe(201);
    const rotated = `${newKey},${oldKey}`;
    const dry = await runCommand(site, ['reseal', '--dry-run'], rotated);
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining("sealed with 'k1': 10")]);
    await expectAgreement(site);
    expect((await registry.call('GET', `/${ids[0]}`)).body.version).toBe(1);

    // Sealed with the old primary key at the same time: a second run finds them.
    const [first] = await Promise.all([
      runCommand(site, ['reseal', '--json'], rotated),
      ...ids.map(async (id) => registry.call('PATCH', `/${id}`, { body: { description: 'meanwhile' } })),
    ]);
    expect(first.code).toBe(0);
    const again = await runCommand(site, ['reseal'], rotated);
    expect(again.out).toContain("sealed with 'k2': 10 (primary)");
    expect(again.out).toContain('0 re-sealed');
    await expectAgreement(site);
    const records = await recordsOf(site, topics.subscriptions);
    for (const id of ids) {
      const last = records.findLast(({ key }) => key === id)?.value?.toString() ?? '';
      const seals = [...last.matchAll(/"sealed":"([^"]+)"/g)].map(([, sealed]) => sealingKeyId(sealed ?? ''));
      expect(seals).toEqual(['k2', 'k2']);
    }
    registry.child.kill('SIGKILL');

    const { env } = site;
    const alone = { ...site, env: { ...env, SEALING_KEYS: newKey } };
    const renewed = await startReady(alone);
    const tested = await renewed.call('POST', `/${ids[0]}/test`);
    // The request was signed: only the name lookup of the endpoint failed.
    expect(tested.body).toMatchObject({ error: 'dns' });
    expect((await renewed.callAny('POST', 'consumer-tokens', { body })).status).toBe(201);
  });

  it('reports values that do not open, and re-seals the others', async () => {
    const lost = aKeyRing();
    const site = aSite(brokers.nodes.brokers, lost);
    const registry = await startReady(site);
    const { body } = await registry.call('POST', '', { body: aBody({ send_test: false }) });
    await eventually(async () => expect(await openDatabase(site).all()).toHaveLength(1));
    const said = await runCommand(site, ['reseal'], `k2:${randomBytes(32).toString('base64')}`);
    expect([said.code, said.out]).toEqual([1, expect.stringContaining(`${body.id} does not open`)]);
  });
});
