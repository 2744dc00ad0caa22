type Cell = string | number | null;

const plain = /^[\w.:+-]+$/u;
const cell = (value: Cell): string => {
  if (value === null) return 'NULL';
  const text = String(value);
  return plain.test(text) && text.toUpperCase() !== 'NULL' ? text : `"${text.replace(/["\\]/gu, '\\$&')}"`;
};

/** Rows as one array literal for each column, for `unnest`: PostgreSQL 8.15.6, array input syntax. */
export const columnsOf = <T>(rows: readonly T[], columns: readonly ((row: T) => Cell)[]): string[] =>
  columns.map((of) => `{${rows.map((row) => cell(of(row))).join(',')}}`);
