import { type handleUnaryCall, status } from "@grpc/grpc-js";
import type { FaultyCall, Faults } from "./faults.ts";
import { StatusError } from "./status-error.ts";

/** Answers a call with what `answer` gives or throws; before it, injected refusals of such calls. */
export function unary<Request, Answer>(
  answer: (request: Request) => Answer | Promise<Answer>,
  refused?: { readonly call: FaultyCall; readonly faults: Faults },
): handleUnaryCall<Request, Answer> {
  return (call, respond) => {
    const refusal = refused?.faults.refuse(refused.call);
    if (refusal !== undefined) {
      respond(new StatusError(refusal, "injected"));
      return;
    }
    // Answered in the same turn where possible: a promise for each call costs as much as the call.
    try {
      const answered = answer(call.request);
      if (answered instanceof Promise)
        answered.then(
          (value) => respond(null, value),
          (error) => respond(failure(error)),
        );
      else respond(null, answered);
    } catch (error) {
      respond(failure(error));
    }
  };
}

/** An error as an answer. */
export function failure(error: unknown): { readonly code: status; readonly details: string } {
  if (error instanceof StatusError) return error;
  if (error instanceof RangeError) return new StatusError("INVALID_ARGUMENT", error.message);
  return {
    code: status.INTERNAL,
    details: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}
