import styles from './field-list.module.css';
import { ForeignText } from './foreign-text.tsx';

/** Names and values, such as header fields; a repeated one is there once for each value. */
export function FieldList({
  fields,
}: Readonly<{ fields: Readonly<Record<string, string | readonly string[]>> }>) {
  const rows = Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((one, at) => ({ name, value: one, key: `${name} ${at}` })),
  );
  return (
    <dl className={styles.list}>
      {rows.map(({ name, value, key }) => (
        <div key={key}>
          <dt>
            <ForeignText>{name}</ForeignText>
          </dt>
          <dd>
            <ForeignText>{value}</ForeignText>
          </dd>
        </div>
      ))}
    </dl>
  );
}
