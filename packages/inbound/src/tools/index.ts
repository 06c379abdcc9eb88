export { InboundHeaders } from '../headers.ts';
export { readPayload } from '../payload.ts';
export type { HookFailure, Provider, SourceOptions } from '../provider.ts';
export { providers } from '../providers.ts';
export { signHook } from './sign-hook.ts';
