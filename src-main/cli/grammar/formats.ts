export const formats = ['table', 'json', 'json-lines', 'csv'] as const;
/** How rows are written. */
export type Format = (typeof formats)[number];
