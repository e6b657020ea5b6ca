import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { PAGE_SIZE } from "../../../src/http/row-page.ts";
import { registry as shipped, registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";
import { badges, notes, people } from "../../support/tables.ts";

const file = { after };
const rig = await preparedRig(file);
rig.worker();
// `notes` is defined, but nobody has made its table.
const registry = registryOf([...shipped.values(), people, badges, notes]);
const sidecar = await testSidecar(file, {}, { rig, registry });
const away = await testSidecar(file, { DB_PORT: "1" }, { rig });
const alone = await testSidecar(file, { INSTANCE_HOST: "", INSTANCE_UNIX_SOCKET: "" }, { rig });
expectNoLeaks();

await rig.database.query(
  "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(100) NOT NULL UNIQUE, name VARCHAR(100), created DATETIME(6) NOT NULL)",
);
await rig.database.query(
  "CREATE TABLE badges (person INT, kind VARCHAR(20) COLLATE utf8mb4_bin, points INT UNSIGNED NOT NULL DEFAULT 0, PRIMARY KEY (person, kind))",
);
await rig.database.query(
  "INSERT INTO people VALUES (1,'a@e.org','Ada','2024-07-11 16:26:32.000001'),(2,'b@e.org',NULL,'2024-07-11 16:26:32'),(3,'c@e.org','ada','2024-07-11 16:26:32')",
);
await rig.database.query("INSERT INTO badges VALUES (1,'gold',3),(1,'a,b~c/d é😀',1),(2,'gold',2)");
await rig.database.query(
  "INSERT INTO feed (guid,title) VALUES ('https://e.org/1','One'),('https://e.org/2?x=1&y=2','Two'),('https://e.org/3','Three')",
);
await rig.database.query(
  "INSERT INTO toots (id,site_url) VALUES (109382716453829173,'https://e.org/1'),(18446744073709551615,NULL)",
);

const KNOWN = {
  table: "customers",
  op: "upsert",
  key: { customerID: "c" },
  set: { firstName: "A", lastName: "B" },
};
const guids = (answer: { json: { rows: { guid: string }[] } }) => answer.json.rows.map(({ guid }) => guid);

describe("GET /tables", () => {
  it("names the tables, their columns with SQL types, keys, operations and versions", async () => {
    const { status, json } = await sidecar.get("/tables");
    assert.equal(status, 200);
    assert.deepEqual(
      json.tables.map(({ name }: { name: string }) => name).sort(),
      [...registry.keys()].sort(),
    );
    const feed = json.tables.find(({ name }: { name: string }) => name === "feed");
    assert.deepEqual(feed.key, ["guid"]);
    assert.equal(feed.version, "pubDate");
    assert.deepEqual(feed.operations, ["insert", "update", "upsert", "delete"]);
    assert.deepEqual(feed.columns[0], {
      name: "guid",
      type: "varchar(512)",
      nullable: false,
      optional: false,
      readOnly: false,
      generated: false,
      autoIncrement: false,
      indexed: true,
    });
    assert.equal(feed.columns[1].default, null);
    const answer = await sidecar.get("/tables?x=1");
    assert.equal(answer.status, 400, answer.text);
  });

  it("tells one table with the JSON Schema of its changes", async () => {
    const { status, json } = await sidecar.get("/tables/toots");
    assert.equal(status, 200);
    assert.equal(json.name, "toots");
    assert.deepEqual(json.schema, shipped.get("toots")?.jsonSchema());
    const none = await sidecar.get("/tables/toot");
    assert.equal(none.status, 404);
    assert.equal(none.json.code, "not_found");
    assert.match(none.json.detail, /did you mean toots\?/);
  });

  it("needs no database", async () => {
    for (const one of [away, alone]) assert.equal((await one.get("/tables/feed")).status, 200);
  });
});

describe("GET /tables/{table}/rows", () => {
  it("answers pages by key, each with a link to the next one", async () => {
    const first = await sidecar.get("/tables/feed/rows?limit=2");
    assert.equal(first.status, 200, first.text);
    assert.equal(first.headers.get("content-type"), "application/json; charset=utf-8");
    assert.deepEqual(guids(first), ["https://e.org/1", "https://e.org/2?x=1&y=2"]);
    const link = first.headers.get("link") ?? "";
    assert.match(link, /^<\/tables\/feed\/rows\?limit=2&after=[\w-]+>; rel="next"$/);
    const rest = await sidecar.get(link.slice(1, link.indexOf(">")));
    assert.deepEqual(guids(rest), ["https://e.org/3"]);
    assert.equal(rest.headers.get("link"), null);
    assert.deepEqual(Object.keys(rest.json), ["rows"]);
    const same = await sidecar.get(`/tables/feed/rows?limit=2&after=${first.json.next}`);
    assert.equal(same.text, rest.text);
  });

  it("ends a page of large rows before its limit, and goes on behind it", async () => {
    await rig.database.query(
      "INSERT INTO builds (link,description) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i+1 FROM n WHERE i<300)" +
        " SELECT CONCAT('large-',LPAD(i,3,'0')),REPEAT('x',60000) FROM n",
    );
    const links: string[] = [];
    const sizes: number[] = [];
    for (let after = ""; ; ) {
      const page = await sidecar.get(`/tables/builds/rows?limit=1000${after}`);
      assert.equal(page.status, 200, page.text.slice(0, 500));
      sizes.push(page.text.length);
      links.push(...page.json.rows.map(({ link }: { link: string }) => link));
      if (page.json.next === undefined) break;
      after = `&after=${page.json.next}`;
    }
    assert.equal(sizes.length, 3);
    assert.ok(Math.max(...sizes) < PAGE_SIZE + 100_000, String(sizes));
    assert.deepEqual(
      links,
      Array.from({ length: 300 }, (_, i) => `large-${String(i + 1).padStart(3, "0")}`),
    );
    await rig.database.query("DELETE FROM builds");
  });

  it("filters by indexed columns, and keeps the filter on the next page", async () => {
    const found = await sidecar.get("/tables/people/rows?email=b%40e.org");
    assert.deepEqual(found.json, {
      rows: [{ id: 2, email: "b@e.org", name: null, created: "2024-07-11T16:26:32.000000Z" }],
    });
    assert.deepEqual((await sidecar.get("/tables/people/rows?email=B%40e.org")).json, { rows: [] });
    const page = await sidecar.get("/tables/badges/rows?person=1&limit=1");
    assert.deepEqual(page.json.rows, [{ person: 1, kind: "a,b~c/d é😀", points: 1 }]);
    assert.match(page.headers.get("link") ?? "", /person=1&limit=1&after=/);
    const next = await sidecar.get(`/tables/badges/rows?person=1&limit=1&after=${page.json.next}`);
    assert.deepEqual(next.json, { rows: [{ person: 1, kind: "gold", points: 3 }] });
    const nulls = await sidecar.get("/tables/toots/rows?isNull=site_url");
    assert.deepEqual(
      nulls.json.rows.map(({ id }: { id: string }) => id),
      ["18446744073709551615"],
    );
  });

  it("leaves out the rows that another table's column names", async () => {
    const answer = await sidecar.get("/tables/feed/rows?notIn=toots.site_url");
    assert.deepEqual(guids(answer), ["https://e.org/2?x=1&y=2", "https://e.org/3"]);
    const none = await sidecar.get("/tables/people/rows?notIn=people.id");
    assert.deepEqual(none.json, { rows: [] });
  });

  it("refuses what it does not know, and says what can be asked", async () => {
    const asked: [string, RegExp][] = [
      ["people/rows?name=Ada", /No index of people begins with name; rows can be asked for by id, email\./],
      ["people/rows?nme=Ada", /no column "nme".* rows can be asked for by id, email\./],
      ["people/rows?id=1&id=2", /twice/],
      ["people/rows?id=x", /id must be an integer/],
      ["people/rows?limit=0", /limit/],
      ["people/rows?limit=1001", /limit/],
      ["people/rows?limit=ten", /limit/],
      ["people/rows?after=x", /no cursor of people/],
      ["people/rows?after=WzFd&after=WzFd", /after/],
      ["people/rows?notIn=nothing.id", /no table "nothing"/],
      ["people/rows?notIn=toots.uri", /cannot hold the key/],
      ["badges/rows?notIn=toots.id", /not one column/],
      ["people/rows?__proto__=1", /no column/],
      ["people/rows?%27%3B%20DROP%20TABLE%20people--=1", /no column/],
    ];
    for (const [path, says] of asked) {
      const { status, json, text } = await sidecar.get(`/tables/${path}`);
      assert.equal(status, 400, `${path}: ${text}`);
      assert.equal(json.code, "bad_request");
      assert.match(json.detail, says, path);
    }
    assert.equal((await sidecar.get("/tables/nothing/rows")).status, 404);
  });
});

describe("GET /tables/{table}/rows/{key}", () => {
  it("finds a row by its percent-encoded key", async () => {
    const one = await sidecar.get(`/tables/feed/rows/${encodeURIComponent("https://e.org/2?x=1&y=2")}`);
    assert.equal(one.status, 200, one.text);
    assert.equal(one.json.title, "Two");
    const big = await sidecar.get("/tables/toots/rows/109382716453829173");
    assert.match(big.text, /^\{"id":"109382716453829173",/);
  });

  it("finds a row by a key of several columns", async () => {
    const key = `1,${encodeURIComponent("a~1b~0c/d é😀")}`;
    const one = await sidecar.get(`/tables/badges/rows/${key}`);
    assert.equal(one.text, '{"person":1,"kind":"a,b~c/d é😀","points":1}');
  });

  it("takes keys of 512 characters of four bytes", async () => {
    const guid = "😀".repeat(512);
    await rig.database.query(`INSERT INTO feed (guid) VALUES ('${guid}')`);
    const one = await sidecar.get(`/tables/feed/rows/${encodeURIComponent(guid)}`);
    assert.equal(one.json.guid, guid);
    await rig.database.query(`DELETE FROM feed WHERE guid='${guid}'`);
  });

  it("tells a row that is not there from a key that is none", async () => {
    const asked: [string, number, string][] = [
      ["feed/rows/x", 404, "no_row"],
      ["feed/rows/https:%2F%2FE.org%2F1", 404, "no_row"],
      ["feed/rows/' OR 1=1 -- ", 404, "no_row"],
      ["feed/rows/x%20", 404, "no_row"],
      ["badges/rows/3,gold", 404, "no_row"],
      ["badges/rows/1", 400, "bad_request"],
      ["badges/rows/1,gold,x", 400, "bad_request"],
      ["badges/rows/1,go~ld", 400, "bad_request"],
      ["toots/rows/x", 400, "bad_request"],
      ["toots/rows/18446744073709551616", 400, "bad_request"],
      ["toots/rows/%ff", 400, "bad_request"],
      ["toots/rows/1?x=1", 400, "bad_request"],
      ["nothing/rows/1", 404, "not_found"],
    ];
    for (const [path, status, code] of asked) {
      const answer = await sidecar.get(`/tables/${path}`);
      assert.deepEqual([answer.status, answer.json.code], [status, code], `${path}: ${answer.text}`);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
    }
  });
});

describe("conditional GET and HEAD", () => {
  const paths = [
    "/tables",
    "/tables/people",
    "/tables/people/rows?limit=2",
    "/tables/people/rows/1",
    "/get/post?table=toots",
    "/updates/known",
  ];

  it("are answered on every GET", async () => {
    await sidecar.post("/updates", KNOWN, { "idempotency-key": "known", prefer: "wait=20" });
    for (const path of paths) {
      const got = await sidecar.get(path);
      assert.equal(got.status, 200, got.text);
      const tag = got.headers.get("etag") ?? "";
      assert.match(tag, /^"[\w-]{43}"$/, path);
      assert.equal((await sidecar.get(path)).headers.get("etag"), tag);
      for (const match of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
        const unchanged = await sidecar.get(path, { "if-none-match": match });
        assert.deepEqual([unchanged.status, unchanged.text], [304, ""], `${path} ${match}`);
        assert.equal(unchanged.headers.get("etag"), tag);
      }
      assert.equal((await sidecar.get(path, { "if-none-match": '"other"' })).status, 200);
      const head = await sidecar.request(path, { method: "HEAD" });
      assert.deepEqual([head.status, head.text], [200, ""], path);
      assert.equal(head.headers.get("content-length"), String(Buffer.byteLength(got.text)));
      assert.equal(head.headers.get("etag"), tag);
      assert.equal(head.headers.get("link"), got.headers.get("link"));
    }
  });

  it("say that there is nothing as GET does", async () => {
    for (const path of ["/tables/nothing", "/tables/people/rows/9", "/updates/nobody"]) {
      const head = await sidecar.request(path, { method: "HEAD" });
      assert.deepEqual([head.status, head.text], [404, ""]);
    }
  });

  it("change with the row", async () => {
    const before = await sidecar.get("/tables/people/rows/3");
    await rig.database.query("UPDATE people SET name='Eve' WHERE id=3");
    const tag = before.headers.get("etag") ?? "";
    const changed = await sidecar.get("/tables/people/rows/3", { "if-none-match": tag });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.headers.get("etag"), tag);
  });
});

describe("trouble of the database", () => {
  it("is 503, without a word of SQL", async () => {
    const asked: [typeof sidecar, string, string][] = [
      [away, "/tables/feed/rows", "database_unavailable"],
      [away, "/tables/feed/rows/x", "database_unavailable"],
      [away, "/get/post?table=toots", "database_unavailable"],
      [away, "/updates/x", "database_unavailable"],
      [sidecar, "/tables/notes/rows", "database_unavailable"],
      [sidecar, "/tables/people/rows?notIn=notes.id", "database_unavailable"],
      [alone, "/tables/feed/rows", "no_database"],
      [alone, "/tables/feed/rows/x", "no_database"],
      [alone, "/get/post?table=toots", "no_database"],
    ];
    for (const [of, path, code] of asked) {
      const answer = await of.get(path);
      assert.deepEqual([answer.status, answer.json.code], [503, code], `${path}: ${answer.text}`);
      assert.doesNotMatch(answer.text, /select|`|errno.*table/i);
      if (code === "database_unavailable") assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
    }
  });

  it("is logged once in a while, not once a request", async () => {
    for (let i = 0; i < 20; i += 1) await away.get("/updates/x");
    const lines = away.logged.filter((line) => line.includes("database_unavailable"));
    // One in 10 s, on a machine that takes some.
    assert.ok(lines.length >= 1 && lines.length <= 4, lines.join(""));
  });
});
