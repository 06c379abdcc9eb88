export { type CompiledCheck, compiledOnFirstUse } from './compiled-on-first-use.ts';
export type { ErrorDetail } from './error-detail.ts';
export { ExactNumber } from './exact-number.ts';
export { JsonScanner, NotJson, type ScannedPart, type ScannerOptions } from './json-scanner.ts';
export { elementsOf, type Member, membersOf } from './json-slices.ts';
export { hasUnheldNumbers, parseExactly } from './parse-exactly.ts';
export { pointerPart } from './pointer-part.ts';
export { textFaults } from './text-faults.ts';
