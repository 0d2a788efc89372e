import type Docker from "dockerode";
import { pack } from "tar-stream";

export interface PutFile {
  /** Absolute. Its parent directories must exist. */
  path: string;
  content: string | Buffer;
  mode?: number;
  uid?: number;
}

/** Writes files into a container, whether it runs or not. Nothing shows in a process list. */
export async function putFiles(container: Docker.Container, files: PutFile[]): Promise<void> {
  const archive = pack();
  for (const file of files)
    archive.entry(
      { name: file.path.slice(1), mode: file.mode ?? 0o600, uid: file.uid ?? 0, gid: file.uid ?? 0 },
      file.content,
    );
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  await container.putArchive(Buffer.concat(chunks), { path: "/" });
}
