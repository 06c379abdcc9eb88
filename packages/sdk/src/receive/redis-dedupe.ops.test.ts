import { connect, type Socket } from 'node:net';
import { afterAll } from 'vitest';
import { dedupeContract, dedupeTimesContract } from './dedupe-contract.ts';
import { type RedisCommand, redisDedupe } from './redis-dedupe.ts';

// deploy/ops/database-tests.mjs starts the server.
const port = process.env['TEST_REDIS_PORT'];
if (port === undefined) throw new Error('TEST_REDIS_PORT is not set: run npm run test:ops.');
const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

// A client for the four commands: one connection, one command at a time, answers without line breaks.
function aClient(): RedisCommand {
  const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8');
  sockets.push(socket);
  let last: Promise<unknown> = Promise.resolve();
  const send = async (command: string[]): Promise<unknown> => {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
    socket.write(`*${command.length}\r\n${parts.join('')}`);
    let answer = '';
    while (!/^(?:[+\-:].*|\$-1|\$[1-9]\d*\r\n.*)\r\n$/.test(answer)) {
      answer += String(await new Promise((resolve) => socket.once('data', resolve)));
    }
    if (answer.startsWith('-')) throw new Error(answer);
    return answer.startsWith('$-1') ? null : answer.replace(/^\$\d+\r\n|^[+:]/, '').trimEnd();
  };
  return async (command) => {
    const answer = last.then(async () => send(command));
    last = answer.catch(() => {});
    return answer;
  };
}

const send = aClient();
dedupeContract('Redis', () => redisDedupe(send));
dedupeTimesContract('Redis', (times) => redisDedupe(send, times));
