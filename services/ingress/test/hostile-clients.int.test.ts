import { connect, type Socket } from 'node:net';
import { sharedBrokers } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requestHeaders, startRunningIngress } from './running-ingress.ts';

type Client = Readonly<{ socket: Socket; answer: () => string; closed: Promise<void> }>;

const open = async (url: string): Promise<Client> => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve()).on('error', () => resolve());
  });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return { socket, answer: () => text, closed };
};

const head = (lines: readonly string[]): string => {
  const named = Object.entries(requestHeaders).map(([name, value]) => `${name}: ${value}`);
  return ['POST /v1/events HTTP/1.1', 'host: ingress', ...named, ...lines, '', ''].join('\r\n');
};

describe('hostile clients', () => {
  it('receive 431 for huge headers', async () => {
    const { url } = await startRunningIngress(sharedBrokers());
    const { socket, answer, closed } = await open(url);
    socket.write(head([`x-large: ${'y'.repeat(17_000)}`]));
    await closed;
    expect(answer()).toMatch(/^HTTP\/1.1 431 /);
  });

  it('receive 413 for an endless body and are cut off', async () => {
    const { url, whenReady } = await startRunningIngress(sharedBrokers());
    await whenReady();
    const { socket, answer, closed } = await open(url);
    socket.write(head(['transfer-encoding: chunked']));
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    await closed;
    expect(answer()).toMatch(/^HTTP\/1.1 413 /);
    expect(answer()).toContain('262144');
  });

  // Node checks for slow connections every 2 s, and a head may take 10 s, which determines the duration of this test.
  it('are cut off when they send their headers byte by byte, while others are served', async () => {
    const { url, post, whenReady } = await startRunningIngress(sharedBrokers());
    await whenReady();
    const slow = await Promise.all(Array.from({ length: 50 }, () => open(url)));
    for (const { socket } of slow) socket.write('POST /v1/events HTTP/1.1\r\nhost: ingress\r\nx-');
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('y');
    }, 500);
    onTestFinished(() => clearInterval(drip));
    expect((await post('/v1/events', '{"type":"a","data":1}')).status).toBe(202);
    await Promise.all(slow.map(({ closed }) => closed));
    expect(slow.map(({ answer }) => answer().slice(0, 12))).toEqual(slow.map(() => 'HTTP/1.1 408'));
  });
});
