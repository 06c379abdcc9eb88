import { describe, expect, it } from 'vitest';
import { folderHint } from './folder-hint.ts';

describe('folderHint', () => {
  it('is empty for the folder in which the tools look', () => {
    expect(folderHint('/clone/.tidings', '/clone')).toEqual([]);
  });

  it.each([
    ['/data/one', "export TIDINGS_DATA='/data/one'"],
    ['own', "export TIDINGS_DATA='/clone/own'"],
    ["/it's", String.raw`export TIDINGS_DATA='/it'\''s'`],
  ])('names another folder, %s, for a shell', (dataDir, line) => {
    expect(folderHint(dataDir, '/clone').at(-1)).toBe(line);
  });
});
