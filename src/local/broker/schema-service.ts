import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { page, type PageRequest } from "./page.ts";
import type { Resources } from "./resources.ts";
import type { Schema } from "./schemas.ts";
import type { SchemaSettings } from "./settings.ts";
import { invalid } from "./status-error.ts";
import { unary } from "./unary.ts";

type View = { readonly view: "SCHEMA_VIEW_UNSPECIFIED" | "BASIC" | "FULL" };

/** google.pubsub.v1.SchemaService */
export function schemaService(resources: Resources): UntypedServiceImplementation {
  const { schemas } = resources;
  return {
    CreateSchema: unary(({ parent, schemaId, schema }: { parent: string; schemaId: string } & GivenSchema) =>
      schemas.create(`${parent}/schemas/${schemaId}`, given(schema)),
    ),
    GetSchema: unary(({ name, view }: { name: string } & View) => {
      const schema = schemas.get(name);
      return view === "BASIC" ? { ...schema, definition: "" } : schema;
    }),
    ListSchemas: unary((request: { parent: string } & View & PageRequest) =>
      listed(schemas.list(request.parent), request),
    ),
    ListSchemaRevisions: unary((request: { name: string } & View & PageRequest) =>
      listed(schemas.listRevisions(request.name), request),
    ),
    CommitSchema: unary(({ name, schema }: { name: string } & GivenSchema) =>
      schemas.commit(name, given(schema)),
    ),
    RollbackSchema: unary(({ name, revisionId }: { name: string; revisionId: string }) =>
      schemas.commit(name, schemas.get(`${name}@${revisionId}`)),
    ),
    DeleteSchemaRevision: unary(({ name }: { name: string }) => schemas.deleteRevision(name)),
    DeleteSchema: unary(({ name }: { name: string }) => resources.deleteSchema(name)),
    ValidateSchema: unary(({ schema }: GivenSchema) => {
      schemas.validate(given(schema));
      return {};
    }),
    ValidateMessage: unary(({ name, schema, message, encoding }: ValidateMessage) => {
      schemas.check(schema ?? schemas.get(name), encoding, message);
      return {};
    }),
  };
}

interface GivenSchema {
  readonly schema: Schema | null;
}

interface ValidateMessage extends GivenSchema {
  readonly name: string;
  readonly message: Buffer;
  readonly encoding: SchemaSettings["encoding"];
}

function given(schema: Schema | null): Schema {
  if (schema === null) throw invalid("The schema must be set.");
  return schema;
}

function listed(schemas: readonly Schema[], request: View & PageRequest): object {
  const { items, nextPageToken } = page(schemas, request);
  return {
    schemas: items.map((schema) => (request.view === "FULL" ? schema : { ...schema, definition: "" })),
    nextPageToken,
  };
}
