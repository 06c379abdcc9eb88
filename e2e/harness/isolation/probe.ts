import type { Receiver } from '@tidings/testing';
import type { Operation } from '../operations.ts';
import { type Answer, sendRequest } from '../send-request.ts';
import type { Outcome, Owned, Try } from './access.ts';
import type { Parties } from './parties.ts';
import { type Request, requestOf, triesOf } from './requests.ts';

/** A key without access to the objects of the owner. */
export type Foreigner = keyof Pick<Parties, 'stranger' | 'neighbour' | 'visitor'>;

/** The objects and keys of the tests. `ghost`: names that belong to no object. `operations`: those that need a key. */
export type ProbeParts = Readonly<{
  url: string;
  parties: Parties;
  owned: Owned;
  ghost: Owned;
  endpoint: Receiver;
  operations: readonly Operation[];
}>;

/** Returns true if the path of the operation names an object. */
export const isOfOne = ({ path }: Operation): boolean => path.includes('{');

/** Returns a request and its variants that must reveal no more: with an old version, with invalid bodies. */
export const variantsOf = (request: Request, { takesIfMatch, takesBody }: Operation) => [
  request,
  ...(takesIfMatch ? [{ ...request, ifMatch: '"999"' }] : []),
  ...(takesBody
    ? [
        { ...request, body: '[7]' },
        { ...request, body: '{' },
      ]
    : []),
];

type View = readonly [operationId: string, status: number, etag: string | undefined, text: string];

const outcomeOf = ({ stranger, neighbour }: Try, who: Foreigner): Outcome =>
  who === 'stranger' ? stranger : neighbour;

/** Returns a response without the names from its request: two equal responses do not reveal which object exists. */
function withoutNames({ status, headers, text }: Answer, named: Owned): string {
  const whole = JSON.stringify([status, headers, text]);
  return Object.entries(named).reduce((rest, [name, value]) => rest.replaceAll(value, `<${name}>`), whole);
}

/** Accesses the owner's objects with foreign keys and reports what these see or change. */
export class IsolationProbe {
  readonly parties: Parties;
  readonly owned: Owned;
  readonly ghost: Owned;
  readonly #url: string;
  readonly #endpoint: Receiver;
  readonly #operations: readonly Operation[];

  constructor({ url, parties, owned, ghost, endpoint, operations }: ProbeParts) {
    this.parties = parties;
    this.owned = owned;
    this.ghost = ghost;
    this.#url = url;
    this.#endpoint = endpoint;
    this.#operations = operations;
  }

  /** Returns the owner's data that a response shows although the request does not name it. */
  seenIn({ text, headers }: Answer, request: Request, who: Foreigner): readonly string[] {
    const shown = `${text} ${JSON.stringify(headers)}`;
    const received = `${decodeURIComponent(request.path)} ${JSON.stringify(request.body)}`;
    const { workspace, ...things } = this.owned;
    // A consumer may see the name of its workspace.
    const secrets = who === 'stranger' ? [workspace, ...Object.values(things)] : Object.values(things);
    return secrets.filter((secret) => shown.includes(secret) && !received.includes(secret));
  }

  /**
   * Returns the owner's objects that a key sees. Excludes the time of a key's last use, whether a change has propagated,
   * and the link of an export, which each read makes anew.
   */
  async viewOf(key: string, operations: readonly Operation[]): Promise<readonly View[]> {
    const views: View[] = [];
    for (const operation of operations) {
      const [first] = triesOf(operation);
      if (operation.method !== 'GET' || first === undefined) continue;
      const request = { ...requestOf(operation, first, this.owned), key };
      const { status, headers, text } = await sendRequest(this.#url, request);
      const lasting = text.replaceAll(/"(last_used_at|propagated|download_url)":("[^"]*"|\w+),?/g, '');
      views.push([operation.operationId, status, headers['etag'], lasting]);
    }
    return views;
  }

  /** Returns everything that the foreign key must leave unchanged. */
  async everything(who: Foreigner): Promise<unknown> {
    // Objects that a neighbour creates appear in the lists of their workspace.
    const seenByOwner = who === 'stranger' ? this.#operations : this.#operations.filter(isOfOne);
    return {
      owner: await this.viewOf(this.parties.owner, seenByOwner),
      partner: await this.viewOf(this.parties.partner, this.#operations),
      requests: this.#endpoint.requests.length,
    };
  }

  /** Returns the violations when a foreign key accesses the owner's objects in this way. */
  async faultsOf(operation: Operation, one: Try, who: Foreigner): Promise<readonly unknown[]> {
    const key = this.parties[who];
    const expected = outcomeOf(one, who);
    const unreal = variantsOf(requestOf(operation, one, this.ghost), operation);
    const faults: unknown[] = [];
    const real = variantsOf(requestOf(operation, one, this.owned), operation);
    for (const [index, request] of real.entries()) {
      const answer = await sendRequest(this.#url, { ...request, key });
      const { status } = answer;
      if (!operation.statuses.includes(status)) faults.push([request, status, 'is not in the description']);
      // If no path names an object, an invalid body may be reported as such.
      const isBroken = index > 0 && !isOfOne(operation) && (status === 400 || status === 422);
      const isExpected = expected === 'blind' ? status < 300 : status === expected;
      const seen = this.seenIn(answer, request, who);
      if (!(isExpected || isBroken) || seen.length > 0) faults.push([request, answer, expected, seen]);
      const other = unreal[index];
      if (other === undefined || JSON.stringify(other) === JSON.stringify(request)) continue;
      const nothing = await sendRequest(this.#url, { ...other, key });
      const [left, right] = [withoutNames(answer, this.owned), withoutNames(nothing, this.ghost)];
      const isSame = status < 300 ? nothing.status === status : left === right;
      if (!isSame || this.seenIn(nothing, other, who).length > 0) faults.push([request, left, right]);
    }
    return faults;
  }
}
