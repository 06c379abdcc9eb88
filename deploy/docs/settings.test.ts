import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configSpec as console_ } from '../../services/console/src/config.ts';
import { configSpec as delivery } from '../../services/delivery/src/config.ts';
import { configSpec as fanout } from '../../services/fanout/src/config.ts';
import { configSpec as history } from '../../services/history/src/config.ts';
import { configSpec as ingress } from '../../services/ingress/src/config.ts';
import { configSpec as subscription } from '../../services/subscription/src/config.ts';
import { root } from './documents.ts';

// Not as a part of another name.
const hasName = (page: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(page);

const services = { console: console_, delivery, fanout, history, ingress, subscription };

test.each(Object.entries(services))('the README of %s names each of its settings', (service, spec) => {
  const text = readFileSync(`${root}services/${service}/README.md`, 'utf8');
  // Those of every process are in the README of server, and those of what several services connect to in a page each.
  const pages = [
    'services/server/README.md',
    'packages/object-storage/README.md',
    'docs/kafka-and-mongodb.md',
  ];
  const elsewhere = pages.map((page) => readFileSync(`${root}${page}`, 'utf8'));
  const names = Object.values(spec).map(({ env }) => env);
  expect(names.filter((name) => ![text, ...elsewhere].some((page) => hasName(page, name)))).toEqual([]);
});
