import { messageOf } from "../../errors";

/** ER_DISK_FULL, ER_ERROR_ON_WRITE, ER_RECORD_FILE_FULL, ER_TEMP_FILE_WRITE_FAILURE, ER_OUT_OF_RESOURCES of a disk */
const numbers = new Set([1021, 1026, 1114, 1878]);

/** Whether a server, or its host, failed because its disk was full. */
export function isDiskFull(error: unknown): boolean {
  const { errno } = error as { errno?: number };
  return numbers.has(errno ?? 0) || /\b(No space left|is full|errno: 28)\b/i.test(messageOf(error));
}
