import { describe, expect, it } from 'vitest';
import { metricsPage, readCatalogues } from './metrics-page.ts';

describe('docs/metrics.md', () => {
  it('lists what the code measures; `npm run docs:metrics` regenerates it', async () => {
    await expect(metricsPage(await readCatalogues())).toMatchFileSnapshot('../../docs/metrics.md');
  });

  it('has every service, and each metric once', async () => {
    const catalogues = await readCatalogues();
    const owners = catalogues.map(({ owner }) => owner);
    for (const name of [
      'ingress',
      'subscription',
      'fanout',
      'delivery',
      'history',
      'console',
      'kafka',
      'http',
    ])
      expect(owners).toContain(name);
    const names = catalogues.flatMap(({ catalogue }) => Object.values(catalogue).map(({ name }) => name));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('has no endpoint, address or id in a label', async () => {
    const unbounded = /(^|_)(id|url|uri|endpoint|host|address|ip|key|workspace|consumer)$/;
    for (const { catalogue } of await readCatalogues())
      for (const { name, labels } of Object.values(catalogue))
        expect(
          labels.filter((label) => unbounded.test(label)),
          name,
        ).toEqual([]);
  });
});
