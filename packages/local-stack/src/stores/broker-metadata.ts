import { connect } from 'node:net';

/** Kafka protocol: Metadata is API key 3; version 1 is in every broker from 0.10 to 4.x (kafka.apache.org/protocol). */
const metadataApiKey = 3;
const metadataVersion = 1;
const timeoutMs = 2_000;

/**
 * Requests the brokers of the cluster from one broker (Metadata v1 without topics). Returns their node ids, or null if
 * the broker does not respond (not listening yet, or still starting). Written by hand because readiness must not wait
 * for the retries of a client library.
 */
export async function liveBrokerIds(host: string, port: number): Promise<number[] | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let received = Buffer.alloc(0);
    const finish = (ids: number[] | null): void => {
      socket.destroy();
      resolve(ids);
    };
    socket.setTimeout(timeoutMs, () => finish(null));
    socket.once('error', () => finish(null));
    socket.once('close', () => resolve(null));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      finish(readBrokerIds(received));
    });
  });
}

function metadataRequest(): Buffer {
  const clientId = Buffer.from('tidings-local');
  const body = Buffer.alloc(2 + 2 + 4 + 2 + clientId.length + 4);
  let at = body.writeInt16BE(metadataApiKey, 0);
  at = body.writeInt16BE(metadataVersion, at);
  at = body.writeInt32BE(1, at);
  at = body.writeInt16BE(clientId.length, at);
  at += clientId.copy(body, at);
  body.writeInt32BE(0, at);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length, 0);
  return Buffer.concat([size, body]);
}

/**
 * Reads the frame size, the correlation id, and an array of (node id, host, port, rack); a null string has length −1.
 */
function readBrokerIds(frame: Buffer): number[] {
  let at = 8;
  const count = frame.readInt32BE(at);
  at += 4;
  const ids: number[] = [];
  for (let broker = 0; broker < count; broker += 1) {
    ids.push(frame.readInt32BE(at));
    at += 4;
    at += 2 + frame.readInt16BE(at) + 4;
    at += 2 + Math.max(0, frame.readInt16BE(at));
  }
  return ids;
}
