import { describe, expect, it } from 'vitest';
import { ServiceInstances } from './service-instances.ts';

const three = () => new ServiceInstances('ingress', ['http://a', 'http://b', 'http://c']);
const urlsOf = (instances: ServiceInstances, times: number) =>
  Array.from({ length: times }, () => instances.pick()?.url).sort();

describe('ServiceInstances', () => {
  it('numbers instances where there are several', () => {
    expect(new ServiceInstances('history', ['http://a']).all).toEqual([{ name: 'history', url: 'http://a' }]);
    expect(three().all.map(({ name }) => name)).toEqual(['ingress-1', 'ingress-2', 'ingress-3']);
  });

  it('takes them in turn, and first one with the fewest requests in progress', () => {
    const instances = three();
    expect(urlsOf(instances, 3)).toEqual(['http://a', 'http://b', 'http://c']);
    const [a, b, c] = instances.all;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three instances');
    const ends = [a, b, b].map((one) => instances.begin(one));
    expect(urlsOf(instances, 2)).toEqual(['http://c', 'http://c']);
    // One end counts once.
    for (const end of [...ends, ...ends]) end();
    expect(urlsOf(instances, 3)).toEqual(['http://a', 'http://b', 'http://c']);
  });

  it('passes over one that is out, until it is put back', () => {
    const instances = three();
    const [a] = instances.all;
    if (a === undefined) throw new Error('three instances');
    expect([instances.takeOut(a), instances.takeOut(a), instances.out]).toEqual([true, false, 1]);
    expect(urlsOf(instances, 4)).toEqual(['http://b', 'http://b', 'http://c', 'http://c']);
    expect([instances.putBack(a), instances.putBack(a), instances.out]).toEqual([true, false, 0]);
    expect(urlsOf(instances, 3)).toEqual(['http://a', 'http://b', 'http://c']);
  });

  it('takes any when all are out', () => {
    const instances = three();
    for (const one of instances.all) instances.takeOut(one);
    expect(urlsOf(instances, 3)).toEqual(['http://a', 'http://b', 'http://c']);
  });

  it('takes none twice for one request, and one that is out at last', () => {
    const instances = three();
    const [a, b, c] = instances.all;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three instances');
    instances.takeOut(c);
    expect(instances.pick(new Set([a]))).toBe(b);
    expect(instances.pick(new Set([a, b]))).toBe(c);
    expect(instances.pick(new Set([a, b, c]))).toBeNull();
  });
});
