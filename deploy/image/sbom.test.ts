import { describe, expect, it } from 'vitest';
import { billOfMaterials } from './sbom.mjs';

type Component = Readonly<{
  name: string;
  group?: string;
  version: string;
  purl: string;
  hashes: readonly Readonly<{ alg: string; content: string }>[];
  licenses: readonly Readonly<{ license?: { id?: string }; expression?: string }>[];
}>;

const { components } = JSON.parse(billOfMaterials()) as { components: readonly Component[] };
const find = (wanted: string) => components.find(({ purl }) => purl.startsWith(`pkg:npm/${wanted}@`));

describe('the bill of materials', () => {
  it('has what the services and the pages of the console use, and no tools of the build', () => {
    for (const name of ['kafkajs', 'mongodb', 'express', 'ajv', 'react-dom', '%40aws-sdk/client-s3'])
      expect(find(name), name).toBeDefined();
    for (const name of ['vitest', 'typescript', 'vite', 'playwright-core', 'knip'])
      expect(find(name), name).toBeUndefined();
  });

  it('has the licence of each package, and its hash', () => {
    expect(components.length).toBeGreaterThan(150);
    for (const { purl, licenses, hashes } of components) {
      const texts = licenses.map(({ license, expression }) => license?.id ?? expression);
      expect(texts, purl).toEqual([expect.any(String)]);
      expect(hashes.map(({ alg }) => alg)).toEqual(['SHA-512']);
      expect(hashes[0]?.content).toMatch(/^[0-9a-f]{128}$/);
    }
  });
});
