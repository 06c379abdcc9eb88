import { describe, expect, it, vi } from 'vitest';
import { type CloseReport, Resources } from './index.ts';

describe('Resources', () => {
  it('closes in reverse order, one after the other', async () => {
    const order: string[] = [];
    const resources = new Resources();
    resources.add('first', () => void order.push('first'));
    resources.add('second', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push('second');
    });
    await resources.close(1000);
    expect(order).toEqual(['second', 'first']);
  });

  it('continues after a failure, and reports it', async () => {
    const reports: CloseReport[] = [];
    const resources = new Resources((report) => void reports.push(report));
    const first = vi.fn();
    resources.add('first', first);
    resources.add('rejects', async () => Promise.reject(new Error('no')));
    resources.add('throws', () => {
      throw new Error('never');
    });
    await resources.close(1000);
    expect(first).toHaveBeenCalledTimes(1);
    expect(reports.map(({ name, error }) => [name, error instanceof Error ? error.message : error])).toEqual([
      ['throws', 'never'],
      ['rejects', 'no'],
      ['first', undefined],
    ]);
  });

  it('abandons a hanging resource at its share of the deadline, so that the others keep theirs', async () => {
    const reports: CloseReport[] = [];
    const resources = new Resources((report) => void reports.push(report));
    const first = vi.fn();
    resources.add('first', first);
    resources.add('hangs', async () => new Promise<void>(() => {}));
    await resources.close(300);
    expect(first).toHaveBeenCalledTimes(1);
    expect(reports[0]).toMatchObject({ name: 'hangs', error: { code: 'timeout' } });
    expect(reports[1]).not.toHaveProperty('error');
  });

  it('closes once for concurrent calls', async () => {
    const close = vi.fn();
    const resources = new Resources();
    resources.add('one', close);
    await Promise.all([resources.close(1000), resources.close(1000)]);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('closes a resource that is added during closing at once, and waits for it', async () => {
    const resources = new Resources();
    let isClosed = false;
    const closing = resources.close(1000);
    resources.add('late', async () => {
      await new Promise((resolve) => setImmediate(resolve));
      isClosed = true;
    });
    await closing;
    await resources.close(1000);
    expect(isClosed).toBe(true);
  });
});
