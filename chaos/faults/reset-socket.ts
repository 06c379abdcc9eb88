import type { Socket } from 'node:net';

/**
 * Resets a connection. While its own end is being sent, libuv refuses that (EINVAL), and Node then forgets the open socket, which
 * keeps the process running for ever.
 */
export const reset = (socket: Socket): void => {
  const isSendingEnd = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isSendingEnd) socket.once('finish', () => socket.resetAndDestroy());
  else socket.resetAndDestroy();
};
