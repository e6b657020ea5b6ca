import type { MysqlConnection } from "kysely";

/**
 * The connection on which Kysely would kill the session of a transaction that took too long. There is nothing to be done on
 * it: a pooled connection that Kysely cuts off has its session ended by the pool's `SessionReaper`.
 */
export const NO_CONTROL_CONNECTION: MysqlConnection = {
  config: {},
  threadId: 0,
  connect: (callback) => callback?.(null),
  query: (_sql, _parameters, callback) => {
    callback?.(null, []);
    return { stream: () => ({ [Symbol.asyncIterator]: () => undefined }) };
  },
  destroy: () => {},
};
