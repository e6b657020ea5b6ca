/** A table as the server describes it, in plain data. Names and expressions are the server's own. */
export interface TableShape {
  readonly name: string;
  readonly comment: string;
  readonly columns: readonly ColumnShape[];
  /** The columns of the primary key, in its order. */
  readonly key: readonly string[];
  readonly indexes: readonly IndexShape[];
  readonly foreignKeys: readonly ForeignKeyShape[];
  readonly checks: readonly CheckShape[];
  /** What the table has beyond that, in the server's words: partitions, checks that are not enforced. */
  readonly beyond: readonly string[];
}

export interface ColumnShape {
  readonly name: string;
  /** As the server prints it, display widths and all; MariaDB's JSON is `json`. */
  readonly type: string;
  readonly nullable: boolean;
  readonly default: DefaultShape | undefined;
  readonly autoIncrement: boolean;
  /** How the server computes it. */
  readonly generated: { readonly expression: string; readonly stored: boolean } | undefined;
  /** Fraction digits of ON UPDATE CURRENT_TIMESTAMP. */
  readonly onUpdate: number | undefined;
  /** Of a text. */
  readonly collation: string | undefined;
  /** A new table has it too, when none is said. */
  readonly isUsualCollation: boolean;
  readonly comment: string;
  /** Attributes that are kept as they are: `invisible`, `srid 4326`. */
  readonly attributes: readonly string[];
}

/** A text or number as a literal, without its quotes; or an expression in SQL. */
export type DefaultShape =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "expression"; readonly sql: string };

export interface IndexShape {
  readonly name: string;
  readonly unique: boolean;
  /** The columns of a plain index; undefined when only `sql` says what it is (a prefix, an order, an expression, FULLTEXT). */
  readonly columns: readonly string[] | undefined;
  /** As it stands behind ALTER TABLE … ADD. */
  readonly sql: string;
}

export interface ForeignKeyShape {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: { readonly table: string; readonly columns: readonly string[] };
  /** In lower case; undefined for RESTRICT and NO ACTION, which InnoDB takes for the same. */
  readonly onDelete: string | undefined;
  readonly onUpdate: string | undefined;
}

export interface CheckShape {
  readonly name: string;
  readonly expression: string;
}
