import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { encodeEntry, encodeField, encodeNumber } from "./wire.ts";

/** gRPC's names for what went wrong. */
export type StatusName = Exclude<keyof typeof status, "OK">;

/** An answer other than OK. */
export class StatusError extends Error implements Partial<StatusObject> {
  override readonly name = "StatusError";
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;

  /** `reasons` go to the client as google.rpc.ErrorInfo: for failed acks, ack id → code. */
  constructor(name: StatusName, details: string, reasons?: ReadonlyMap<string, string>) {
    super(details);
    this.code = status[name];
    this.details = details;
    this.metadata = new Metadata();
    if (reasons !== undefined) {
      this.metadata.set("grpc-status-details-bin", encodeStatus(this.code, details, reasons));
    }
  }
}

/** google.rpc.Status with one google.rpc.ErrorInfo in it. */
function encodeStatus(code: number, message: string, reasons: ReadonlyMap<string, string>): Buffer {
  const info = Buffer.concat([
    encodeField(1, "EXACTLY_ONCE_ACKID_FAILURE"),
    encodeField(2, "pubsub.googleapis.com"),
    ...[...reasons].map(([key, value]) => encodeEntry(3, key, value)),
  ]);
  const any = Buffer.concat([
    encodeField(1, "type.googleapis.com/google.rpc.ErrorInfo"),
    encodeField(2, info),
  ]);
  return Buffer.concat([encodeNumber(1, code), encodeField(2, message), encodeField(3, any)]);
}

export function notFound(name: string): StatusError {
  return new StatusError("NOT_FOUND", `Resource not found (resource=${name}).`);
}

export function invalid(details: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", details);
}
