import { type ConsumerId, consumerId, type SourceAudience, type WorkspaceId } from '@tidings/contracts';
import { compileBody, detailsOf, type Validate } from '@tidings/http';
import { type Provider, providers } from '@tidings/inbound';
import type { ErrorDetail } from '@tidings/json';
import { AppError } from '@tidings/runtime';
import type { WorkspaceDirectory } from '../subscriptions/ports.ts';
import type { SourceOptions, SourceSettings } from './domain/source.ts';

/** Returns a provider that the schema of the request or an earlier one has checked. Throws AppError `internal`. */
export function providerOf(name: string): Provider {
  const provider = providers.get(name);
  if (provider === undefined)
    throw new AppError({ code: 'internal', message: `there is no provider '${name}'` });
  return provider;
}

const compiled = new Map<string, Validate<SourceOptions>>();

const optionsCheck = ({ name, options }: Provider): Validate<SourceOptions> => {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const check = compileBody<SourceOptions>({
    type: 'object',
    properties: options,
    additionalProperties: false,
  });
  compiled.set(name, check);
  return check;
};

/** Returns the faults of options by the schema of their provider. */
export function optionFaults(provider: Provider, options: unknown): readonly ErrorDetail[] {
  const check = optionsCheck(provider);
  if (check(options)) return [];
  return detailsOf(check.errors, options).map((fault) => ({ ...fault, pointer: `/options${fault.pointer}` }));
}

type Given = Readonly<{ audience?: SourceAudience | undefined; consumer_id?: string | null | undefined }>;

/** Returns the audience of a body, on top of the current one: naming a consumer addresses it. */
export function audienceOf(
  { audience, consumer_id: consumer }: Given,
  current: Pick<SourceSettings, 'audience' | 'consumerId'>,
): Pick<SourceSettings, 'audience' | 'consumerId'> {
  const named = consumer === undefined ? current.consumerId : consumer;
  const wanted = audience ?? (consumer == null ? current.audience : 'addressed');
  // Another audience than that of a consumer has none, unless the body says so itself.
  const kept = wanted === 'addressed' || consumer != null ? named : null;
  return { audience: wanted, consumerId: kept === null ? null : consumerId(kept) };
}

/** Returns the faults of an audience and its consumer. */
export async function audienceFaults(
  workspaces: Pick<WorkspaceDirectory, 'consumerFault'>,
  workspaceId: WorkspaceId,
  { audience, consumerId: consumer }: Readonly<{ audience: SourceAudience; consumerId: ConsumerId | null }>,
): Promise<readonly ErrorDetail[]> {
  const pointer = '/consumer_id';
  if (audience === 'addressed' && consumer === null)
    return [{ pointer, detail: "is missing: an 'addressed' source names the consumer of its events" }];
  if (audience !== 'addressed' && consumer !== null)
    return [{ pointer, detail: `requires the audience 'addressed', got '${audience}'` }];
  if (consumer === null) return [];
  const detail = await workspaces.consumerFault({ workspaceId, consumerId: consumer });
  return detail === null ? [] : [{ pointer, detail }];
}
