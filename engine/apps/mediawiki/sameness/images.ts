import { imageSize } from "image-size";

/** What a picture shows, without what the program that made it wrote beside it. */
export interface Picture {
  /** `120 × 80`; empty where the format is not known. */
  size: string;
  /** The picture's data, without comments, dates and names of programs. */
  data: Buffer;
}

export function pictureOf(body: Buffer): Picture {
  return { size: sizeOf(body), data: withoutComments(body) };
}

function sizeOf(body: Buffer): string {
  try {
    const { width, height } = imageSize(body);
    return `${width} × ${height}`;
  } catch {
    return "";
  }
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * ImageMagick writes the file's dates into each thumbnail, so two runs of one program never agree byte by byte. Of a
 * PNG all chunks count but the textual ones and the time, of a JPEG all segments but comments and application data.
 */
function withoutComments(body: Buffer): Buffer {
  try {
    if (body.subarray(0, 8).equals(pngSignature)) return Buffer.concat(pngChunks(body));
    if (body[0] === 0xff && body[1] === 0xd8) return Buffer.concat(jpegSegments(body));
  } catch {
    // A file that ends too early is compared as it is.
  }
  return body;
}

const passingChunks = new Set(["tEXt", "zTXt", "iTXt", "tIME", "pHYs", "eXIf"]);

function pngChunks(body: Buffer): Buffer[] {
  const kept: Buffer[] = [];
  for (let at = 8; at < body.length; ) {
    const length = body.readUInt32BE(at) + 12;
    if (!passingChunks.has(body.toString("latin1", at + 4, at + 8)))
      kept.push(body.subarray(at, at + length));
    at += length;
  }
  return kept;
}

function jpegSegments(body: Buffer): Buffer[] {
  const kept: Buffer[] = [];
  for (let at = 2; at < body.length; ) {
    const marker = body.readUInt16BE(at);
    // From the start of the scan on there are no more headers.
    if (marker === 0xffda) return [...kept, body.subarray(at)];
    const length = body.readUInt16BE(at + 2) + 2;
    const application = marker >= 0xffe0 && marker <= 0xffef;
    if (!application && marker !== 0xfffe) kept.push(body.subarray(at, at + length));
    at += length;
  }
  return kept;
}
