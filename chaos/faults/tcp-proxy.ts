import { connect, createServer, type Server, type Socket } from 'node:net';
import { reset } from './reset-socket.ts';

/**
 * The state of a network. open: everything passes. delay: each piece is later by so many ms. closed: nothing passes, in
 * either direction.
 */
type Condition = Readonly<{ kind: 'open' } | { kind: 'delay'; ms: number } | { kind: 'closed' }>;

const open: Condition = { kind: 'open' };

/**
 * A proxy for one TCP address of this machine, whose network can be broken. While it is closed, new connections are accepted and
 * get no byte, and open ones hang, as behind a cable that was pulled; both go on when it opens again, as TCP would
 * after resending. Pieces of a connection keep their order.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: Readonly<{ host: string; port: number }>;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  #condition: Condition = open;

  constructor(target: Readonly<{ host: string; port: number }>) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  /** Listens; 0 is any free port. Returns the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return address.port;
  }

  /** Every piece of every connection takes so much longer, in each direction. */
  delay(ms: number): void {
    this.#change({ kind: 'delay', ms });
  }

  /** Nothing passes any more. */
  partition(): void {
    this.#change({ kind: 'closed' });
  }

  /** Ends every connection with a reset, and passes new ones on. */
  reset(): void {
    for (const socket of this.#sockets) reset(socket);
  }

  /** Everything passes again, at once. */
  heal(): void {
    this.#change(open);
  }

  close(): void {
    this.#server.close();
    this.reset();
  }

  #change(condition: Condition): void {
    this.#condition = condition;
    if (condition.kind === 'closed') return;
    for (const pass of [...this.#waiting]) pass();
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    this.#pass(client, server);
    this.#pass(server, client);
  }

  #pass(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    let before = Promise.resolve();
    const inTurn = (work: () => void): void => {
      before = before.then(() => this.#clearance()).then(work);
    };
    from.on('data', (piece: Buffer) => {
      // One piece at a time: what is read and not passed on stays bounded.
      from.pause();
      inTurn(() => {
        // What its sender has given up meanwhile never arrives.
        if (!to.destroyed && !from.destroyed) to.write(piece);
        from.resume();
      });
    });
    from.once('end', () => inTurn(() => void to.end()));
    // The other side sees a reset as one.
    from.on('error', () => reset(to));
    from.once('close', () => {
      this.#sockets.delete(from);
      inTurn(() => void to.destroySoon());
    });
  }

  /** Resolves when a piece may pass. */
  async #clearance(): Promise<void> {
    const condition = this.#condition;
    if (condition.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, condition.ms));
    while (this.#condition.kind === 'closed') {
      await new Promise<void>((resolve) => {
        const pass = (): void => {
          this.#waiting.delete(pass);
          resolve();
        };
        this.#waiting.add(pass);
      });
    }
  }
}
