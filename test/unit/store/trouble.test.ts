import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, databaseError, refusalCode } from "../../../src/store/trouble.ts";

const server = (errno: number, message = "") =>
  Object.assign(new Error(message), { errno, code: `ER_${errno}` });
const system = (code: string, errno = -111) => Object.assign(new Error(code), { code, errno, fatal: true });

test("what the data's own fault is, is permanent, and becomes the code that names it", () => {
  const codes = {
    1062: "unique_conflict",
    1452: "foreign_key",
    1451: "foreign_key",
    3819: "check_failed",
    4025: "check_failed",
  };
  for (const [errno, code] of Object.entries(codes)) {
    assert.equal(classify(server(Number(errno))), "permanent", errno);
    assert.equal(refusalCode(server(Number(errno))), code, errno);
  }
  for (const errno of [1048, 1264, 1292, 1364, 1366, 1406]) {
    assert.equal(classify(server(errno)), "permanent", String(errno));
    assert.equal(refusalCode(server(errno)), "data_refused", String(errno));
  }
});

test("what may succeed in a moment is transient", () => {
  for (const errno of [1205, 1213, 2006, 2013])
    assert.equal(classify(server(errno)), "transient", String(errno));
  for (const code of ["ECONNRESET", "PROTOCOL_CONNECTION_LOST", "EPIPE"])
    assert.equal(classify(system(code)), "transient");
  assert.equal(classify(new Error("Can't add new command when connection is in closed state")), "transient");
  assert.equal(classify(new DOMException("timed out", "TimeoutError")), "transient");
});

test("what nothing will cure from inside is the environment's", () => {
  for (const errno of [1040, 1045, 1290, 1836, 1021, 1114, 1146, 1054, 1049, 1053]) {
    assert.equal(classify(server(errno)), "environment", String(errno));
  }
  for (const code of ["ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT"])
    assert.equal(classify(system(code)), "environment");
  assert.equal(classify(system("SOMETHING_NEW_ABOUT_TLS")), "environment", "an unknown error of connecting");
});

test("an error that the table does not know is told as such", () => {
  assert.equal(classify(server(9_999)), "unknown");
  assert.equal(classify("text"), "unknown");
  assert.equal(refusalCode(server(9_999)), "data_refused");
});

test("errno and text are found in a wrapped error, and never its SQL", () => {
  const driver = Object.assign(new Error("insert into t: Duplicate"), {
    errno: 1062,
    sqlMessage: "Duplicate entry",
    sql: "insert",
  });
  const wrapped = new Error("batch failed", { cause: driver });
  assert.deepEqual(databaseError(wrapped), { errno: 1062, code: undefined, message: "Duplicate entry" });
});
