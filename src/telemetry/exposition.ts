/** One answer of `/metrics`. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Says the metrics in the format that the `Accept` header likes better: OpenMetrics 1.0, or Prometheus' plain text 0.0.4;
 * OpenMetrics when it does not care. `plain` is prom-client's plain text; its own OpenMetrics mode renames the counters
 * for good, so that the two could not be served side by side.
 */
export function expose(plain: string, accept: string | undefined): Exposition {
  const openMetrics = qualityOf(accept, "application", "openmetrics-text");
  const text = qualityOf(accept, "text", "plain");
  return text > openMetrics
    ? { contentType: PLAIN, body: plain }
    : { contentType: OPENMETRICS, body: toOpenMetrics(plain) };
}

/** OpenMetrics names a counter's family without `_total`, has no empty lines and ends with a mark. */
function toOpenMetrics(plain: string): string {
  const families = plain.trimEnd().split("\n\n");
  const renamed = families.map((family) =>
    /^# TYPE \S+_total counter$/m.test(family)
      ? family.replaceAll(/^# (HELP|TYPE) (\S+)_total /gm, "# $1 $2 ")
      : family,
  );
  return `${renamed.join("\n")}\n# EOF\n`;
}

/** How much a header wants a media type, 0 to 1 (RFC 9110, 12.5.1); the most specific range decides. */
function qualityOf(accept: string | undefined, type: string, subtype: string): number {
  if (accept === undefined || accept.trim() === "") {
    return 1;
  }
  let best = { specific: -1, quality: 0 };
  for (const range of accept.split(",")) {
    const [media = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const specific = [`*/*`, `${type}/*`, `${type}/${subtype}`].indexOf(media);
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    const quality = weight === undefined ? 1 : Number(weight) || 0;
    if (specific > best.specific || (specific === best.specific && specific >= 0 && quality > best.quality)) {
      best = { specific, quality };
    }
  }
  return best.quality;
}
