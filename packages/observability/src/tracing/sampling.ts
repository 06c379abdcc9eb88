import { AppError } from '@tidings/runtime';

/**
 * Rule by which a trace is recorded. `isParentBased`: the flag of a received context decides, `ratio` only about new
 * traces. `ratio`: share of traces, 0 to 1, by trace id.
 */
export type SamplingRule = Readonly<{ isParentBased: boolean; ratio: number }>;

// The names and defaults of the OpenTelemetry specification, SDK environment variables, "General SDK configuration".
const samplers: Readonly<Record<string, Readonly<{ isParentBased: boolean; share: number | 'argument' }>>> = {
  always_on: { isParentBased: false, share: 1 },
  always_off: { isParentBased: false, share: 0 },
  traceidratio: { isParentBased: false, share: 'argument' },
  parentbased_always_on: { isParentBased: true, share: 1 },
  parentbased_always_off: { isParentBased: true, share: 0 },
  parentbased_traceidratio: { isParentBased: true, share: 'argument' },
};

const refuse = (message: string): AppError => new AppError({ code: 'config-invalid', message });

/**
 * Reads `OTEL_TRACES_SAMPLER` (default `parentbased_always_on`) and `OTEL_TRACES_SAMPLER_ARG` (default 1). Throws
 * AppError `config-invalid` for a name that is not listed, or a ratio outside 0 to 1.
 */
export function readSampling(env: Readonly<Record<string, string | undefined>>): SamplingRule {
  const name = env['OTEL_TRACES_SAMPLER']?.trim() || 'parentbased_always_on';
  const sampler = Object.hasOwn(samplers, name) ? samplers[name] : undefined;
  if (sampler === undefined)
    throw refuse(
      `OTEL_TRACES_SAMPLER must be one of ${Object.keys(samplers).join(', ')}, got '${name.slice(0, 100)}'`,
    );
  const { isParentBased, share } = sampler;
  if (share !== 'argument') return { isParentBased, ratio: share };
  const text = env['OTEL_TRACES_SAMPLER_ARG']?.trim() || '1';
  const ratio = Number(text);
  if (!(ratio >= 0 && ratio <= 1))
    throw refuse(`OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got '${text.slice(0, 100)}'`);
  return { isParentBased, ratio };
}

const randomDigits = 8;
const range = 16 ** randomDigits;

/**
 * Returns whether a trace belongs to the share that is recorded. It depends on the id alone, so that every process
 * decides alike. W3C Trace Context level 2 requires the right-most digits of an id to be random.
 */
export const isSampledId = (traceId: string, ratio: number): boolean =>
  ratio >= 1 || (ratio > 0 && Number.parseInt(traceId.slice(-randomDigits), 16) < ratio * range);
