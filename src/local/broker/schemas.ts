import { randomBytes } from "node:crypto";
import { type AvroChecks, avroChecks } from "./avro-check.ts";
import { checkName } from "./resource-name.ts";
import { notHere, type SchemaSettings } from "./settings.ts";
import { invalid, notFound, StatusError } from "./status-error.ts";

/** What of google.pubsub.v1.Schema means something here. */
export interface Schema {
  readonly name: string;
  readonly type: string;
  readonly definition: string;
  readonly revisionId: string;
  readonly revisionCreateTime: { readonly seconds: number; readonly nanos: number } | null;
}

interface Revision {
  readonly schema: Schema;
  readonly checks: AvroChecks;
}

/** Pub/Sub documentation, "Quotas and limits". */
const MAX_DEFINITION_BYTES = 300_000;
const MAX_REVISIONS = 20;

/** Schemas and their revisions, from the oldest on. */
export class Schemas {
  readonly #revisions = new Map<string, Revision[]>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  create(name: string, given: Schema): Schema {
    checkName("schemas", name);
    if (this.#revisions.has(name))
      throw new StatusError("ALREADY_EXISTS", `Resource already exists in the project (resource=${name}).`);
    const revision = this.#revision(name, given);
    this.#revisions.set(name, [revision]);
    return revision.schema;
  }

  /** A further revision. */
  commit(name: string, given: Schema): Schema {
    const revisions = this.#of(name);
    if (given.name !== "" && given.name !== name) throw invalid("The name of a schema cannot be changed.");
    if (revisions.length >= MAX_REVISIONS)
      throw new StatusError("FAILED_PRECONDITION", `A schema may have ${MAX_REVISIONS} revisions.`);
    const revision = this.#revision(name, given);
    revisions.push(revision);
    return revision.schema;
  }

  /** The newest revision, or the one of "name@revision". */
  get(name: string): Schema {
    const [bare = "", id] = name.split("@");
    const revisions = this.#of(bare);
    const found =
      id === undefined ? revisions.at(-1) : revisions.find(({ schema }) => schema.revisionId === id);
    if (found === undefined) throw notFound(name);
    return found.schema;
  }

  /** Of each schema of the project the newest revision. */
  list(project: string): Schema[] {
    return [...this.#revisions.keys()]
      .filter((name) => name.startsWith(`${project}/`))
      .map((name) => this.get(name));
  }

  /** From the newest on. */
  listRevisions(name: string): Schema[] {
    return this.#of(name)
      .map(({ schema }) => schema)
      .reverse();
  }

  delete(name: string): void {
    this.#of(name);
    this.#revisions.delete(name);
  }

  deleteRevision(name: string): Schema {
    const [bare = "", id] = name.split("@");
    const revisions = this.#of(bare);
    const index = revisions.findIndex(({ schema }) => schema.revisionId === id);
    if (index < 0) throw notFound(name);
    if (revisions.length === 1)
      throw new StatusError("FAILED_PRECONDITION", "The only revision of a schema cannot be deleted.");
    revisions.splice(index, 1);
    return this.get(bare);
  }

  /** Throws INVALID_ARGUMENT when it is no schema. */
  validate(given: Schema): AvroChecks {
    if (given.type === "PROTOCOL_BUFFER") throw notHere("Protocol Buffer schemas");
    if (given.type !== "AVRO") throw invalid("A schema must have a type.");
    if (Buffer.byteLength(given.definition) > MAX_DEFINITION_BYTES)
      throw invalid(`A schema's definition may have ${MAX_DEFINITION_BYTES} bytes.`);
    return avroChecks(given.definition);
  }

  /** The id of the newest revision that the settings allow and that the data fits; throws INVALID_ARGUMENT when none does. */
  match(settings: SchemaSettings, data: Buffer): string {
    const { encoding, schema } = settings;
    const revisions = this.#revisions.get(schema);
    if (revisions === undefined || encoding === "ENCODING_UNSPECIFIED")
      throw new StatusError("NOT_FOUND", "Schema associated with topic deleted.");
    const at = (id: string, otherwise: number) =>
      id === "" ? otherwise : revisions.findIndex(({ schema: { revisionId } }) => revisionId === id);
    const [first, last] = [
      at(settings.firstRevisionId, 0),
      at(settings.lastRevisionId, revisions.length - 1),
    ];
    for (let index = last; index >= Math.max(0, first); index--) {
      const revision = revisions[index];
      if (revision?.checks[encoding](data)) return revision.schema.revisionId;
    }
    throw invalid("Request contains an invalid argument: a message does not match the topic's schema.");
  }

  /** Checks data against a schema that was given or is stored. */
  check(schema: Schema, encoding: SchemaSettings["encoding"], data: Buffer): void {
    if (encoding === "ENCODING_UNSPECIFIED") throw invalid("A message's encoding must be given.");
    if (!this.validate(schema)[encoding](data)) throw invalid("The message does not match the schema.");
  }

  #of(name: string): Revision[] {
    const revisions = this.#revisions.get(name);
    if (revisions === undefined) throw notFound(name);
    return revisions;
  }

  #revision(name: string, given: Schema): Revision {
    const checks = this.validate(given);
    const now = this.#now();
    const seconds = Math.floor(now / 1_000);
    const revisionCreateTime = { seconds, nanos: Math.floor(now - seconds * 1_000) * 1e6 };
    const revisionId = randomBytes(4).toString("hex");
    return {
      checks,
      schema: { name, type: given.type, definition: given.definition, revisionId, revisionCreateTime },
    };
  }
}
