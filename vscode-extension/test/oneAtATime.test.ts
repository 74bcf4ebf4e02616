import assert from "node:assert/strict";
import { test } from "node:test";
import { oneAtATime } from "../src/oneAtATime";

function controlled() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const action = oneAtATime(() => new Promise<void>((resolve, reject) => ends.push({ resolve, reject })));
  return { ends, action };
}

test("what is asked for during a run happens once, after it", async () => {
  const { ends, action } = controlled();
  const first = action();
  const second = action();
  assert.equal(second, action());
  assert.equal(ends.length, 1);
  ends[0]?.resolve();
  await first;
  await new Promise(setImmediate);
  assert.equal(ends.length, 2);
  ends[1]?.resolve();
  await second;
});

test("a run that fails fails for those who asked for it, and the next one starts", async () => {
  const { ends, action } = controlled();
  const first = action();
  const second = action();
  ends[0]?.reject(new Error("no"));
  await assert.rejects(first, /no/);
  await new Promise(setImmediate);
  ends[1]?.resolve();
  await second;
});
