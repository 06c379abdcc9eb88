import { describe, expect, it, vi } from 'vitest';
import { type DescriptorWriter, LineOutput } from './line-output.ts';

type Done = Parameters<DescriptorWriter['write']>[1];

const failure = (code: string) => Object.assign(new Error(code), { code });

// A descriptor whose asynchronous writes wait until the test answers them.
function aDescriptor() {
  const written: string[] = [];
  const waiting: { bytes: Buffer; done: Done }[] = [];
  const writeSync = vi.fn((bytes: Buffer) => {
    written.push(bytes.toString());
    return bytes.length;
  });
  const output = new LineOutput({ write: (bytes, done) => void waiting.push({ bytes, done }), writeSync });
  const accept = (count = Number.POSITIVE_INFINITY) => {
    const { bytes, done } = waiting.shift() ?? { bytes: Buffer.alloc(0), done: () => {} };
    written.push(bytes.subarray(0, count).toString());
    done(null, Math.min(count, bytes.length));
  };
  const fail = (code: string) => waiting.shift()?.done(failure(code), 0);
  return { output, written, waiting, writeSync, accept, fail };
}

describe('LineOutput', () => {
  it('batches lines in order while a write is in progress', async () => {
    const { output, written, waiting, accept } = aDescriptor();
    output.write('a\n');
    const flushed = output.flush();
    output.write('b\n');
    output.write('c\n');
    void output.flush();
    expect(waiting).toHaveLength(1);
    accept();
    accept();
    await flushed;
    expect(written).toEqual(['a\n', 'b\nc\n']);
  });

  it('writes a full block at once and a small one after a short delay', async () => {
    const { output, waiting } = aDescriptor();
    output.write(`${'x'.repeat(40_000)}\n`);
    expect(waiting).toHaveLength(1);
    const other = aDescriptor();
    other.output.write('small\n');
    expect(other.waiting).toHaveLength(0);
    await vi.waitFor(() => expect(other.waiting).toHaveLength(1));
  });

  it('continues after a short write and after EAGAIN', async () => {
    const { output, written, waiting, accept, fail } = aDescriptor();
    output.write('hello\n');
    const flushed = output.flush();
    accept(2);
    fail('EAGAIN');
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    accept();
    await flushed;
    expect(written.join('')).toBe('hello\n');
  });

  it('ends without an error when the reader has gone, and resolves waiting flushes', async () => {
    const { output, writeSync, fail } = aDescriptor();
    output.write('a\n');
    const flushed = output.flush();
    fail('EPIPE');
    await flushed;
    output.write('b\n');
    output.flushSync();
    await output.flush();
    expect(writeSync).not.toHaveBeenCalled();
  });

  it('returns from a last flush whose reader has gone', () => {
    const { output, writeSync } = aDescriptor();
    writeSync.mockImplementation(() => {
      throw failure('EPIPE');
    });
    output.write('a\n');
    output.flushSync();
    expect(writeSync).toHaveBeenCalledTimes(1);
  });

  it('writes everything buffered in a last flush, in parts if necessary', () => {
    const { output, written, writeSync } = aDescriptor();
    output.write('hello\n');
    writeSync.mockImplementationOnce((bytes) => {
      written.push(bytes.subarray(0, 2).toString());
      return 2;
    });
    writeSync.mockImplementationOnce(() => {
      throw failure('EAGAIN');
    });
    output.flushSync();
    expect(written.join('')).toBe('hello\n');
  });

  it('writes in a last flush what a full descriptor refused', () => {
    const { output, written, fail } = aDescriptor();
    output.write('refused\n');
    void output.flush();
    fail('EAGAIN');
    output.write('last\n');
    output.flushSync();
    expect(written.join('')).toBe('refused\nlast\n');
  });

  it('drops and counts lines while the buffer is over its limit', () => {
    const { output, written } = aDescriptor();
    output.write('first\n');
    void output.flush();
    const long = `${'x'.repeat(9 * 1024 * 1024)}\n`;
    for (let line = 0; line < 5; line += 1) output.write(long);
    output.flushSync();
    const all = written.join('');
    expect(all.match(/x\n/g)).toHaveLength(2);
    expect(all).toContain('"dropped":3,"event":"log.lines-dropped"');
  });
});
