import { describe, expect, it } from 'vitest';
import { headerFaults } from './header-rules.ts';

describe('custom headers', () => {
  it('accept ordinary headers', () => {
    expect(headerFaults('headers', { 'X-Api-Key': 'k', 'x-plan': 'gold' })).toEqual([]);
    const sealed = { Authorization: 'Bearer x', 'X-Old': null, 'X-Same': true };
    expect(headerFaults('secret_headers', sealed)).toEqual([]);
  });

  it.each([
    [{ authorization: 'Bearer hush-hush' }, '/headers/authorization'],
    [{ 'X-A': '' }, '/headers/X-A'],
    [{ 'X-A': ' hush-hush' }, '/headers/X-A'],
    [{ 'X~/A': ' hush-hush' }, '/headers/X~0~1A'],
    [{ 'X-A': '1', 'x-a': 'hush-hush' }, '/headers/x-a'],
  ])('reject %j without quoting a value', (headers, pointer) => {
    const faults = headerFaults('headers', headers as Record<string, string>);
    expect(faults.map((fault) => fault.pointer)).toEqual([pointer]);
    expect(JSON.stringify(faults)).not.toContain('hush-hush');
  });
});
