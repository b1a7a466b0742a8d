/** Beyond every offset that a request may have, and still a small integer: a position that ends every loop after a fault. */
export const STOPPED = 0x3fffffff;

/** Where the bytes of a request broke, and what was wrong there. */
export interface WireFault {
  readonly offset: number;
  readonly what: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A position in protobuf bytes. Every read is held to the `end` of the message it stands in. The first fault is kept and
 * moves the position past every end, so loops end without a check of their own.
 */
export class WireCursor {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  position = 0;
  fault: WireFault | undefined;

  /** Stand at the start of `bytes`; returns their end. */
  reset(bytes: Uint8Array): number {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.fault = undefined;
    return bytes.length;
  }

  hasFailed(): boolean {
    return this.fault !== undefined;
  }

  /** Keep the first fault, at the present position unless another is given. */
  fail(what: string, offset: number = this.position): void {
    this.fault ??= { offset, what };
    this.position = STOPPED;
  }

  /** An unsigned varint as a number; above 2^53 it is rounded. */
  varint(end: number): number {
    let p = this.position;
    // Nearly all tags and lengths are one byte.
    if (p < end) {
      const first = this.bytes[p] as number;
      if (first < 128) {
        this.position = p + 1;
        return first;
      }
    }
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (p >= end) {
        this.fail("a varint is cut off", this.position);
        return 0;
      }
      const byte = this.bytes[p++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) {
        this.position = p;
        return value;
      }
      scale *= 128;
    }
    this.fail("a varint is longer than 10 bytes");
    return 0;
  }

  /** A varint as a signed 64-bit integer. */
  int64(end: number): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= end) break;
      const byte = this.bytes[this.position++] as number;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
    this.fail("a varint is cut off or longer than 10 bytes");
    return 0n;
  }

  /** A zigzag-coded signed 32-bit integer. */
  sint32(end: number): number {
    const coded = this.varint(end);
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2;
  }

  double(end: number): number {
    const p = this.position;
    if (p + 8 > end) {
      this.fail("a 64-bit field is cut off");
      return 0;
    }
    this.position = p + 8;
    return this.view.getFloat64(p, true);
  }

  /** An unsigned 64-bit integer as a number; above 2^53 it is rounded. */
  fixed64(end: number): number {
    const p = this.position;
    if (p + 8 > end) {
      this.fail("a 64-bit field is cut off");
      return 0;
    }
    this.position = p + 8;
    return this.view.getUint32(p + 4, true) * 4294967296 + this.view.getUint32(p, true);
  }

  /** Nanoseconds since the epoch, as seconds (exact for whole seconds, else to a quarter of a microsecond). */
  seconds(end: number): number {
    const p = this.position;
    if (p + 8 > end) {
      this.fail("a 64-bit field is cut off");
      return 0;
    }
    this.position = p + 8;
    return (this.view.getUint32(p + 4, true) * 4294967296 + this.view.getUint32(p, true)) / 1e9;
  }

  /** Read a length; the end of the block that follows. */
  blockEnd(end: number): number {
    const at = this.position;
    const first = at < end ? (this.bytes[at] as number) : 128;
    let length = first;
    if (first < 128) this.position = at + 1;
    else length = this.varint(end);
    const blockEnd = this.position + length;
    if (blockEnd <= end) return blockEnd;
    this.fail(`a length of ${String(length)} runs past the end of its message`, at);
    return STOPPED;
  }

  /** A length-delimited text. Bytes that are not UTF-8 are a fault. */
  text(end: number): string {
    const blockEnd = this.blockEnd(end);
    if (this.fault !== undefined) return "";
    const start = this.position;
    this.position = blockEnd;
    return this.textBetween(start, blockEnd);
  }

  textBetween(start: number, end: number): string {
    try {
      return utf8.decode(this.bytes.subarray(start, end));
    } catch {
      this.fail("a text is not UTF-8", start);
      return "";
    }
  }

  /** Pass over the field whose tag was just read. */
  skip(tag: number, end: number): void {
    const wireType = tag & 7;
    const at = this.position;
    if (wireType === 0) this.varint(end);
    else if (wireType === 2) this.position = this.blockEnd(end);
    else if (wireType === 1) this.position = at + 8;
    else if (wireType === 5) this.position = at + 4;
    else this.fail(`wire type ${String(wireType)} is not used in OTLP`);
    if (tag < 8) this.fail("field number 0 is not allowed", at);
    else if (this.position > end && this.fault === undefined) this.fail("a fixed-size field is cut off", at);
  }
}
