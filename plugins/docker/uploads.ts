import { readFileSync } from "node:fs";
import type Docker from "dockerode";
import tar from "tar-stream";
import type { ContainerInputs } from "./containerInputs";

type Upload = NonNullable<ContainerInputs["uploads"]>[number];

function contentOf(upload: Upload): Buffer {
  const given = [upload.content, upload.contentBase64, upload.source].filter((value) => value !== undefined);
  if (given.length !== 1)
    throw new Error(
      `upload ${upload.file}: give one of content, contentBase64 and source, got ${given.length}`,
    );
  if (upload.source !== undefined) return readFileSync(upload.source);
  return upload.content !== undefined
    ? Buffer.from(upload.content)
    : Buffer.from(upload.contentBase64 ?? "", "base64");
}

/** Puts the files into the container before its first start. */
export async function putUploads(container: Docker.Container, uploads: readonly Upload[]): Promise<void> {
  if (uploads.length === 0) return;
  const pack = tar.pack();
  for (const upload of uploads) {
    const mode = upload.permissions
      ? Number.parseInt(upload.permissions, 8)
      : upload.executable
        ? 0o744
        : 0o644;
    pack.entry({ name: upload.file.replace(/^\/+/, ""), mode }, contentOf(upload));
  }
  pack.finalize();
  await container.putArchive(pack, { path: "/" });
}
