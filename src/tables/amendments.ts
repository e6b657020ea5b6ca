import { isRaw } from "@mikro-orm/mysql";
import type { Amendments, Discovered, DiscoveredProperty, EntityOptions } from "./discover.ts";
import { kindOf } from "./kind-of.ts";
import { parseSqlType } from "./sql-type.ts";

type Amendment = Record<string, unknown>;

/** What MikroORM's first answer lacks, to be given beside the builders' options in a second discovery. */
export function amendmentsOf(options: EntityOptions, discovered: Discovered): Amendments {
  const amendments = new Map<string, Amendment>();
  for (const [name, property] of discovered.properties) {
    const amendment = {
      ...(options.key.includes(name) ? keyAmendment(property, options.key.length) : {}),
      ...generatedAmendment(property),
      ...defaultAmendment(property),
    };
    if (Object.keys(amendment).length > 0) {
      amendments.set(name, amendment);
    }
  }
  return amendments;
}

/**
 * Keys of text are equal only when they are the same text (the servers' default collations ignore letter case), and
 * only an integer can count itself up.
 */
function keyAmendment({ meta, sqlType }: DiscoveredProperty, length: number): Amendment {
  const type = parseSqlType(sqlType);
  const kind = type === undefined ? undefined : kindOf(type);
  if (kind === undefined || typeof kind === "string" || kind.kind === "integer" || kind.kind === "bigint") {
    // MikroORM would give such a column a unique index of its own
    return length > 1 && meta.autoincrement === true ? { autoincrement: false, extra: "auto_increment" } : {};
  }
  return kind.kind === "string" && meta.collation === undefined
    ? { collation: "utf8mb4_bin", autoincrement: false }
    : { autoincrement: false };
}

/** MikroORM 7.2 writes `unsigned` and `null` behind the expression, where not every server takes them. */
function generatedAmendment({ meta, sqlType }: DiscoveredProperty): Amendment {
  if (meta.generated === undefined) return {};
  return {
    ...(meta.unsigned === true ? { columnType: sqlType, unsigned: false } : {}),
    ...(meta.nullable === true ? { nullable: false } : {}),
  };
}

/**
 * MikroORM 7.2 escapes no quotes in defaults, writes a default object as `[object Object]`, and puts only types that start with
 * `text` or `json` in MySQL's parentheses.
 */
function defaultAmendment({ meta, sqlType }: DiscoveredProperty): Amendment {
  const given: unknown = meta.default;
  const json = /^json$/i.test(sqlType) && typeof given === "object" && given !== null && !isRaw(given);
  const text = json ? JSON.stringify(given) : given;
  const long = /^(tiny|medium|long)text/i.test(sqlType);
  if (typeof text !== "string" || !(long || json || /['\\]/.test(text))) {
    return {};
  }
  const literal = `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
  return { defaultRaw: long ? `(${literal})` : literal };
}
