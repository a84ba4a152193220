/** Counts the rows that an object writes. */
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";

/** Counts from now on. @returns what tells how many rows and alarms were written; an alarm costs a row, too. */
export function rowsWritten(stub: DurableObjectStub): Promise<() => { rows: number; alarms: number }> {
  return runInDurableObject(stub, (_, { storage }) => {
    const { sql } = storage;
    const cursors: { rowsWritten: number }[] = [];
    const setAlarm = vi.spyOn(storage, "setAlarm");
    const exec = sql.exec.bind(sql);
    vi.spyOn(sql, "exec").mockImplementation((query, ...bindings) => {
      const cursor = exec(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    });
    return () => ({
      rows: cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0),
      alarms: setAlarm.mock.calls.length,
    });
  });
}
