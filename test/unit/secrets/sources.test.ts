import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { askedSecret } from "../../../src/secrets/asked-secret.ts";
import { crc32c } from "../../../src/secrets/crc32c.ts";
import { openSecrets } from "../../../src/secrets/open-secrets.ts";
import { secretText } from "../../../src/secrets/secret-text.ts";
import type { Scope } from "../../support/servers.ts";

const secrets = openSecrets({ endpoint: undefined });

async function folder(t: Scope): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "rowpost-secrets-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("CRC-32C is that of RFC 3720, appendix B.4", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(ascending), 0x46dd794e);
  assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array()), 0);
});

test("one line break at the end is not part of a secret; all else is", () => {
  const of = (text: string) => secretText(Buffer.from(text));
  assert.deepEqual(of("pässword"), { text: "pässword" });
  assert.deepEqual(of("a\n"), { text: "a" });
  assert.deepEqual(of("a\r\n"), { text: "a" });
  assert.deepEqual(of("a\n\n"), { text: "a\n" });
  assert.deepEqual(of(" a\nb \n"), { text: " a\nb " });
  assert.deepEqual(of("a\r"), { text: "a\r" });
  assert.deepEqual(of("\ufeffa"), { text: "a" });
  for (const empty of ["", "\n", "\r\n"]) assert.deepEqual(of(empty), { fault: "is empty" });
  assert.deepEqual(secretText(Uint8Array.of(0x61, 0xff)), { fault: "is not UTF-8 text" });
});

test("a text is given as it is", async () => {
  assert.equal(await secrets.of("DB_PASS", { kind: "text", text: " a\n" }).read(), " a\n");
});

test("a file is read anew each time, also when Kubernetes turns its link", async (t) => {
  const mount = await folder(t);
  const put = async (generation: string, text: string) => {
    await mkdir(join(mount, generation));
    await writeFile(join(mount, generation, "password"), text);
    await symlink(generation, join(mount, "..data_tmp"));
    await rename(join(mount, "..data_tmp"), join(mount, "..data"));
  };
  await put("..1", "one\n");
  await symlink("..data/password", join(mount, "password"));
  const secret = secrets.of("DB_PASS_FILE", { kind: "file", path: join(mount, "password") });
  assert.equal(await secret.read(), "one");
  await put("..2", "two\n");
  assert.equal(await secret.read(), "two");
});

test("a file that is missing, empty, a folder or no text is one sentence with its variable and path", async (t) => {
  const place = await folder(t);
  const faultOf = async (path: string) => {
    const error = await secrets
      .of("DB_PASS_FILE", { kind: "file", path })
      .read()
      .then(assert.fail, (thrown: Error & { code: string }) => thrown);
    assert.equal(error.code, "SECRET_UNAVAILABLE");
    assert.ok(error.message.startsWith(`DB_PASS_FILE: the file ${path} `), error.message);
    return error.message.slice(error.message.indexOf(path) + path.length + 1);
  };
  assert.match(await faultOf(join(place, "none")), /^is not there; mount the secret, or correct the path$/);
  assert.match(await faultOf(place), /^is a folder; name the file in it$/);
  await writeFile(join(place, "empty"), "\n");
  assert.equal(await faultOf(join(place, "empty")), "is empty");
  await writeFile(join(place, "binary"), Uint8Array.of(0x68, 0xfe, 0x69));
  assert.equal(await faultOf(join(place, "binary")), "is not UTF-8 text");
});

/** A secret whose questions a test counts and answers, on a clock that it sets. */
function asked() {
  const questions: PromiseWithResolvers<string>[] = [];
  const clock = { ms: 5 };
  const secret = askedSecret(
    () => {
      const question = Promise.withResolvers<string>();
      questions.push(question);
      return question.promise;
    },
    () => clock.ms,
  );
  return { secret, questions, clock };
}

test("those who read at once share one question, and its answer is kept until it is refused", async () => {
  const { secret, questions, clock } = asked();
  const readers = [secret.read(), secret.read(), secret.read()];
  assert.equal(questions.length, 1);
  questions[0]?.resolve("one");
  assert.deepEqual(await Promise.all(readers), ["one", "one", "one"]);
  clock.ms += 86_400_000;
  assert.equal(await secret.read(), "one");
  assert.equal(questions.length, 1);
  secret.refused();
  const again = [secret.read(), secret.read()];
  assert.equal(questions.length, 2);
  questions[1]?.resolve("two");
  assert.deepEqual(await Promise.all(again), ["two", "two"]);
});

test("however often it is refused, it is asked for once a second at the most", async () => {
  const { secret, questions, clock } = asked();
  for (let step = 0; step < 1_000; step += 1) {
    const reading = secret.read();
    questions.at(-1)?.resolve("wrong");
    assert.equal(await reading, "wrong");
    secret.refused();
    clock.ms += 10;
  }
  // 1,000 refusals in 10 s
  assert.equal(questions.length, 10);
});

test("a failure is told again within a second, and asked for again after it", async () => {
  const { secret, questions, clock } = asked();
  const first = secret.read();
  questions[0]?.reject(new Error("away"));
  await assert.rejects(first, /away/);
  await assert.rejects(secret.read(), /away/);
  assert.equal(questions.length, 1);
  clock.ms += 1_000;
  const second = secret.read();
  questions[1]?.resolve("there");
  assert.equal(await second, "there");
});

test("what is refused while a newer one is asked for does not spend that one", async () => {
  const { secret, questions, clock } = asked();
  const reading = secret.read();
  secret.refused();
  clock.ms += 2_000;
  void secret.read();
  questions[0]?.resolve("new");
  await reading;
  clock.ms += 5_000;
  assert.equal(await secret.read(), "new");
  assert.equal(questions.length, 1);
});
