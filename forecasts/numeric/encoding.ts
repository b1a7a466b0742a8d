/// <reference lib="esnext.float16" />
/** 32-bit floats as base64 of their little-endian bytes: exact, and a third of the size of decimal JSON. */
export function encodeFloats(values: Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

/** The floats of `encodeFloats`; throws a RangeError where the text is not a whole number of floats. */
export function decodeFloats(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new Float32Array(bytes.buffer);
}

/** 16-bit floats (11 significant bits), for what is itself a noisy mean, as base64 of their little-endian bytes. */
export function encodeHalves(values: Float16Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
}

export function decodeHalves(text: string): Float16Array {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return new Float16Array(bytes.buffer);
}

/** 64-bit floats by way of the 32-bit codec. */
export function encodeFloats64(values: Float64Array): string {
  return encodeFloats(new Float32Array(values.buffer, values.byteOffset, values.length * 2));
}

export function decodeFloats64(text: string): Float64Array {
  return new Float64Array(decodeFloats(text).buffer);
}
