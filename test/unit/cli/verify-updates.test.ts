import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { Note } from "../../../src/cli/verify-parts.ts";
import type { PublishedUpdate } from "../../../src/cli/verify-standing.ts";
import { Updates } from "../../../src/cli/verify-updates.ts";

const [ONE, OTHER] = ["a".repeat(64), "b".repeat(64)];
const named = (key: string, fingerprint = ONE) => ({ key: key as Note["key"], fingerprint });
const sent = (key: string, at: number, fingerprint?: string): Note => ({
  kind: "sent",
  ...named(key, fingerprint),
  at,
});
const confirmed = (key: string, at: number, messageId: string, fingerprint?: string): Note => ({
  kind: "confirmed",
  ...named(key, fingerprint),
  at,
  messageId,
});

async function all(updates: Updates): Promise<PublishedUpdate[]> {
  const found = await Promise.all(updates.parts().map((part) => part.found()));
  return found.flat().map(({ update }) => update);
}

/** Once as a few updates are taken, once as millions are. */
for (const [how, inMemory] of [
  ["in memory", 10_000],
  ["in files", 0],
] as const) {
  test(`${how}, an update counts once, however many lines speak of it`, async () => {
    await using updates = new Updates(inMemory);
    const notes = [
      sent("a", 1),
      sent("b", 2),
      sent("a", 9),
      confirmed("a", 5, "m2"),
      confirmed("a", 3, "m1"),
      sent("c", 4),
      confirmed("c", 6, "m3"),
    ];
    for (const note of notes) updates.add(note);
    assert.deepEqual(
      (await all(updates)).sort((x, y) => (x.key < y.key ? -1 : 1)),
      [
        { key: "a", fingerprint: ONE, lastAt: 9, confirmedAt: 5, messageId: "m2" },
        { key: "b", fingerprint: ONE, lastAt: 2, confirmedAt: undefined, messageId: undefined },
        { key: "c", fingerprint: ONE, lastAt: 6, confirmedAt: 6, messageId: "m3" },
      ],
    );
  });

  test(`${how}, updates that share a key are apart`, async () => {
    await using updates = new Updates(inMemory);
    for (const note of [
      confirmed("a", 1, "m1"),
      confirmed("a", 2, "m2", OTHER),
      sent("a", 3),
      confirmed("a", 4, "m3", OTHER),
    ])
      updates.add(note);
    assert.deepEqual(
      (await all(updates)).map(({ fingerprint, lastAt, messageId }) => [fingerprint, lastAt, messageId]),
      [
        [ONE, 3, "m1"],
        [OTHER, 4, "m3"],
      ],
    );
  });

  test(`${how}, what is kept of a part is what is left of it`, async () => {
    await using updates = new Updates(inMemory);
    for (let i = 0; i < 2_000; i += 1) updates.add(confirmed(`k-${i}`, i, `m${i}`));
    const parts = updates.parts();
    const kept = [];
    for (const part of parts) {
      const few = (await part.found()).filter(({ update }) => update.lastAt % 1_000 === 7);
      await part.keep(few.map(({ update }) => ({ update, standing: "stuck" as const })));
      kept.push(...(await part.found()));
    }
    assert.deepEqual(kept.map(({ update, standing }) => `${update.key} ${standing}`).sort(), [
      "k-1007 stuck",
      "k-7 stuck",
    ]);
  });
}

test("more than fits into memory lies in a folder that is gone afterwards", async () => {
  const updates = new Updates(10);
  for (let i = 0; i < 10; i += 1) updates.add(sent(`k-${i}`, i));
  assert.equal(updates.folder, undefined);
  updates.add(sent("k-10", 10));
  const { folder = "" } = updates;
  assert(existsSync(folder));
  assert.equal((await all(updates)).length, 11);
  await updates[Symbol.asyncDispose]();
  assert(!existsSync(folder));
});
