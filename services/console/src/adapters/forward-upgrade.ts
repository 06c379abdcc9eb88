import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { takeUpgrade } from '@tidings/http';
import {
  destroyWhenSilent,
  type ForwardEvents,
  type ForwardTarget,
  passBack,
  requestTo,
} from './forward-request.ts';
import { answerFields } from './forwarded-headers.ts';

/**
 * Forwards a request for a WebSocket. If the service accepts it, both connections are joined, byte for byte and with
 * back-pressure; if one closes, so does the other. Any other response is passed on.
 */
export function forwardUpgrade(
  request: IncomingMessage,
  response: ServerResponse,
  {
    origin,
    timeoutMs,
    ...events
  }: Pick<ForwardTarget, 'origin' | 'timeoutMs'> & Pick<ForwardEvents, 'onFailed' | 'onBroken' | 'onStream'>,
): void {
  const upstream = requestTo(origin, request, { agent: false, upgrade: 'websocket' });
  const isLate = destroyWhenSilent(upstream, timeoutMs);
  upstream.on('response', (answer) => passBack(answer, response, events));
  upstream.on('upgrade', (answer, service: Socket, first: Buffer) => {
    const upgrade = takeUpgrade(request);
    if (upgrade === null) return void service.destroy();
    const { socket: client, head } = upgrade;
    client.write(headOf(answer));
    client.write(first);
    service.write(head);
    service.setTimeout(0);
    join(client, service, () => response.emit('close'));
    events.onStream(() => {
      client.destroySoon();
      service.destroySoon();
    });
  });
  upstream.on('error', (error) => {
    if (!response.headersSent && !response.closed) events.onFailed(error, !isLate());
  });
  response.once('close', () => {
    if (!response.writableFinished && response.statusCode !== 101) upstream.destroy();
  });
  upstream.end();
}

function headOf(answer: IncomingMessage): string {
  const fields = [...answerFields(answer)].flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}`),
  );
  return [
    'HTTP/1.1 101 Switching Protocols',
    'connection: upgrade',
    'upgrade: websocket',
    ...fields,
    '',
    '',
  ].join('\r\n');
}

function join(client: Socket, service: Socket, onClosed: () => void): void {
  client.setNoDelay(true);
  client.once('close', () => {
    service.destroy();
    onClosed();
  });
  service.once('close', () => client.destroySoon());
  for (const socket of [client, service]) socket.on('error', () => socket.destroy());
  client.pipe(service);
  service.pipe(client);
}
