const text = { type: 'string', minLength: 1 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const exactly = <P extends Record<string, unknown>>(properties: P) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const listOf = (items: unknown) => ({ type: 'array', items });

const datasource = exactly({ type: { const: 'prometheus' }, uid: { const: 'prometheus' } });
const gridPos = exactly({
  x: { ...count, maximum: 23 },
  y: count,
  w: { ...count, minimum: 1, maximum: 24 },
  h: { ...count, minimum: 1 },
});
const target = exactly({
  refId: { type: 'string', pattern: '^[A-Z]$' },
  datasource,
  expr: text,
  legendFormat: text,
});

const queried = (type: 'stat' | 'timeseries', options: unknown) =>
  exactly({
    id: count,
    type: { const: type },
    title: text,
    description: text,
    datasource,
    gridPos,
    targets: { ...listOf(target), minItems: 1 },
    fieldConfig: exactly({
      defaults: exactly({
        unit: { enum: ['none', 'short', 's', 'percentunit', 'bytes', 'ops'] },
        min: { const: 0 },
      }),
      overrides: { type: 'array', maxItems: 0 },
    }),
    options,
  });

const stat = queried(
  'stat',
  exactly({
    reduceOptions: exactly({
      calcs: { const: ['lastNotNull'] },
      fields: { const: '' },
      values: { const: false },
    }),
    colorMode: { enum: ['value', 'background', 'none'] },
    graphMode: { enum: ['area', 'none'] },
  }),
);
const timeseries = queried(
  'timeseries',
  exactly({
    legend: exactly({
      displayMode: { enum: ['list', 'table'] },
      placement: { enum: ['bottom', 'right'] },
      showLegend: { type: 'boolean' },
    }),
    tooltip: exactly({
      mode: { enum: ['single', 'multi', 'none'] },
      sort: { enum: ['none', 'asc', 'desc'] },
    }),
  }),
);
const row = exactly({ id: count, type: { const: 'row' }, title: text, gridPos });

/**
 * JSON Schema of the part of Grafana's dashboard model (version 41) that these dashboards use. It is stricter than
 * Grafana, which ignores what it does not know. Field by field from Grafana's documentation of the dashboard JSON model.
 */
export const grafanaSchema = exactly({
  uid: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' },
  title: text,
  tags: listOf(text),
  schemaVersion: { const: 41 },
  version: count,
  editable: { type: 'boolean' },
  timezone: { enum: ['browser', 'utc'] },
  refresh: { enum: ['10s', '30s', '1m'] },
  time: exactly({ from: text, to: text }),
  annotations: exactly({ list: { type: 'array', maxItems: 0 } }),
  templating: exactly({ list: { type: 'array', maxItems: 0 } }),
  links: listOf(
    exactly({
      type: { const: 'dashboards' },
      title: text,
      tags: listOf(text),
      asDropdown: { type: 'boolean' },
      icon: text,
      keepTime: { type: 'boolean' },
    }),
  ),
  panels: listOf({ anyOf: [row, stat, timeseries] }),
});
