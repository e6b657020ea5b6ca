/** How a sample is sent: to the topic, over HTTP, or over HTTP with `Prefer: wait`, which answers with its receipt. */
export type SentBy = "Pub/Sub" | "HTTP" | "HTTP, waiting";

/** One sample: an update, what it shows, how it is sent, and what must become of it. */
export interface Sample {
  readonly key: string;
  readonly shows: string;
  readonly by: SentBy;
  readonly update: Readonly<Record<string, unknown>>;
  /** An outcome, `duplicate`, or a rejection's code. */
  readonly expected: string;
}

/**
 * Updates for the shipped tables that show each outcome, to be sent one after the other. `run` makes their rows and
 * keys differ from those of other runs: 1 to 40 lower-case letters and digits. `moment` numbers the sample toot.
 */
export function sampleUpdates(run: string, moment: number): readonly Sample[] {
  const guid = `https://example.org/posts/${run}`;
  const customer = `c-${run}`;
  // As Mastodon makes its ids: milliseconds, shifted by 16 bits.
  const toot = (BigInt(moment) << 16n).toString();
  const post = (key: string, pubDate: string, title: string) => ({
    key: `${run}-${key}`,
    update: { table: "feed", op: "upsert", key: { guid }, set: { title, pubDate, link: guid } },
  });
  const first = post("post", "2024-07-11T16:26:32", "Rows that keep their promises");
  return [
    {
      key: `${run}-build`,
      shows: "an upsert makes a row",
      by: "HTTP",
      update: build(run),
      expected: "applied",
    },
    { ...first, shows: "a post with its date, the row's version", by: "Pub/Sub", expected: "applied" },
    { ...first, shows: "the same message once more", by: "Pub/Sub", expected: "duplicate" },
    {
      ...post("older-post", "2024-07-10T08:00:00", "Rows that keep"),
      shows: "an older version comes late",
      by: "HTTP, waiting",
      expected: "stale",
    },
    {
      key: `${run}-toot`,
      shows: "a 64-bit id, and JSON with every digit",
      by: "HTTP, waiting",
      update: {
        table: "toots",
        op: "upsert",
        key: { id: toot },
        set: { content: "<p>Hello 😀</p>", site_url: guid, tags: [{ name: "mysql" }], account: { id: toot } },
      },
      expected: "applied",
    },
    {
      key: `${run}-boost`,
      shows: "an exact increment",
      by: "Pub/Sub",
      update: { table: "toots", op: "update", key: { id: toot }, add: { reblogs_count: 3 } },
      expected: "applied",
    },
    ...customers(run, customer),
  ];
}

function build(run: string) {
  return {
    table: "builds",
    op: "upsert",
    key: { link: `https://example.org/${run}` },
    set: {
      title: "Example feed",
      generator: "rowpost",
      lastBuildDate: "2024-07-11T16:26:32",
      language: "en",
    },
  };
}

function customers(run: string, customerID: string): Sample[] {
  const ada = {
    table: "customers",
    op: "upsert",
    key: { customerID },
    set: { firstName: "Ada", lastName: "Lovelace" },
  };
  return [
    { key: `${run}-customer`, shows: "a customer", by: "HTTP", update: ada, expected: "applied" },
    {
      key: `${run}-again`,
      shows: "the row already is as asked",
      by: "Pub/Sub",
      update: ada,
      expected: "unchanged",
    },
    {
      key: `${run}-pair`,
      shows: "two rows or none, if Ada is still Ada",
      by: "HTTP, waiting",
      update: {
        changes: [
          {
            table: "customers",
            op: "update",
            key: { customerID },
            set: { firstName: "Augusta" },
            expect: { firstName: "Ada" },
          },
          { table: "todos", op: "insert", set: { description: `Greet ${customerID} by her new name` } },
        ],
      },
      expected: "applied",
    },
    {
      key: `${run}-typo`,
      shows: "a column that is not there",
      by: "Pub/Sub",
      update: { table: "customers", op: "upsert", key: { customerID }, set: { fristName: "Ada" } },
      expected: "unknown_column",
    },
    {
      key: `${run}-half`,
      shows: "two rows or none: the second is missing",
      by: "HTTP, waiting",
      update: {
        changes: [
          { table: "customers", op: "update", key: { customerID }, set: { firstName: "Nobody" } },
          {
            table: "customers",
            op: "update",
            key: { customerID: `no-${run}` },
            set: { firstName: "Nobody" },
          },
        ],
      },
      expected: "row_missing",
    },
  ];
}
