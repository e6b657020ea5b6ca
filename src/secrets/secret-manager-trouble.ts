/** What is known of an error of Google's client: a code of gRPC, and the status of HTTP where there was an answer. */
interface ApiError {
  readonly code?: number | string;
  readonly httpStatusCode?: number;
  readonly message?: string;
  readonly cause?: { readonly code?: unknown };
}

/**
 * Why a version of a secret could not be had, as a phrase that follows its name and says what to do. The service's own words
 * are repeated only of a refusal: the client's words on an answer that it cannot read may quote the secret.
 */
export function whyNotAccessed(error: unknown): string {
  const { code, httpStatusCode, message, cause } = error as ApiError;
  const words = httpStatusCode === undefined ? "" : ` (${message?.split("\n")[0]?.slice(0, 300)})`;
  switch (code) {
    case undefined:
      return `cannot be read: ${message}`;
    case 3: // INVALID_ARGUMENT
      return `is refused by Secret Manager as it is written${words}`;
    case 4: // DEADLINE_EXCEEDED
      return "cannot be read: Secret Manager did not answer in time";
    case 5: // NOT_FOUND
      return "does not exist; add the version, or correct the reference";
    case 7: // PERMISSION_DENIED
      return `may not be read: grant roles/secretmanager.secretAccessor on it to this workload's service account${words}`;
    case 8: // RESOURCE_EXHAUSTED
      return `cannot be read now: a quota of Secret Manager is used up${words}`;
    case 9: // FAILED_PRECONDITION
      return `is disabled or destroyed; enable it, or add a version and refer to that or to versions/latest${words}`;
    case 16: // UNAUTHENTICATED
      return `cannot be read: Secret Manager does not take these Google credentials${words}`;
    default:
      return `cannot be read: ${unreachable(httpStatusCode, cause?.code)}`;
  }
}

function unreachable(status: number | undefined, code: unknown): string {
  if (status !== undefined) return `Secret Manager answered with status ${status}`;
  return typeof code === "string"
    ? `Secret Manager or Google's login cannot be reached (${code})`
    : "the answer is not one of Secret Manager's; look at SECRET_MANAGER_ENDPOINT and at proxies";
}
