import { randomBytes } from "node:crypto";
import { openFileStore } from "../../engine/control/file/fileStore";
import { HeldLease } from "../../engine/control/heldLease";
import { otherSide } from "../../engine/move";
import { silent } from "../../engine/progress";
import type { FileStoreOrder, FileStoreReport } from "./fileStoreOrder";

function tell(report: FileStoreReport): Promise<void> {
  return new Promise((resolve) => process.send?.(report, undefined, undefined, () => resolve()));
}

async function main(order: FileStoreOrder): Promise<void> {
  const store = openFileStore(order.directory, { compactAfter: order.compactAfter });
  const holder = `${order.name}:${randomBytes(4).toString("hex")}`;
  if (order.work === "hold") {
    await HeldLease.take([store.lease], { holder, purpose: "hold", durationMs: order.durationMs }, silent);
    // Until it is killed: the lease alone keeps no process alive.
    process.channel?.ref();
    return await tell({ done: 0 });
  }
  if (order.work === "count") {
    // Until it is killed.
    for (let n = order.from; ; n++) {
      await store.journal.append({ step: "count", event: String(n) });
      await store.checkpoints.set("count", { state: String(n) });
      await tell({ done: n });
    }
  }
  for (let done = 0; done < order.times; ) {
    if (order.work === "journal") {
      await store.journal.append({ step: order.name, event: String(done++) });
      continue;
    }
    if (await store.lease.take({ holder, purpose: "flip", epoch: 0, durationMs: 60_000 })) continue;
    await store.journal.append({ step: "lease", event: "taken", host: holder });
    const now = await store.role.init({ name: "test", role: "blue" });
    await store.lease.renew(holder, 60_000, { purpose: "flip", epoch: now.epoch + 1 });
    const { epoch } = await store.role.commit(now, { role: otherSide(now.role), holder });
    await tell({ epoch });
    await store.journal.append({ step: "lease", event: "given back", host: holder });
    await store.lease.release(holder);
    done++;
  }
  await tell({ finished: true });
  process.disconnect();
}

process.once("message", (order: FileStoreOrder) => {
  main(order).catch(async (error: unknown) => {
    await tell({ refused: String(error) });
    process.exit(1);
  });
});
