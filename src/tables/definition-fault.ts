/** The error of a definition that can't be meant: it names the table, and the column where there is one. */
export function definitionFault(table: string, column: string | undefined, message: string): TypeError {
  return new TypeError(`table ${table}${column === undefined ? "" : `, column ${column}`}: ${message}`);
}
