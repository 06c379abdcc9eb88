import { chains } from './chains.ts';
import type { DashboardSpec } from './dashboard.ts';
import { delivery, endpoints } from './delivery.ts';
import { console, history, subscription } from './management-services.ts';
import { overview } from './overview.ts';
import { fanout, ingress } from './path-services.ts';
import { pipeline } from './pipeline.ts';
import { kafka, mongodb } from './stores.ts';

/** All dashboards that the repository provisions. */
export const dashboards: readonly DashboardSpec[] = [
  ...[overview, pipeline, ingress, fanout, delivery, endpoints],
  ...[chains, history, subscription, console, kafka, mongodb],
];
