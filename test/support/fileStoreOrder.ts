import { join } from "node:path";

/** A program that uses a store as its parent asks. */
export const fileStoreChild = join(__dirname, "fileStoreChild.ts");

/** What the parent asks of a child. */
export type FileStoreOrder = {
  directory: string;
  name: string;
  compactAfter: number;
} & (
  | { work: "hold"; durationMs: number }
  | { work: "count"; from: number }
  | { work: "flip"; times: number }
  | { work: "journal"; times: number }
);

/** Sent after the store's answer, so what it says is on disk. */
export interface FileStoreReport {
  done?: number;
  epoch?: number;
  refused?: string;
  finished?: true;
}
