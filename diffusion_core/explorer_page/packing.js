// Numbers as the page holds them: see `packing.py`, which writes what is read here.

/** Bytes of deflated base64. */
async function inflated(text) {
  const deflated = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Doubles of deflated base64. */
export async function unpackDoubles(text) {
  return new Float64Array((await inflated(text)).buffer);
}

/** Quantised numbers: `low + quantum * codes[i]`, of any shape, the last axis fastest. */
export class Quantised {
  constructor(codes, shape, low, quantum) {
    Object.assign(this, { codes, shape, low, quantum });
  }

  at(index) {
    return this.low + this.quantum * this.codes[index];
  }
}

/** Quantised numbers of a `Packed`: low bytes, then high bytes, of differences along the first axis. */
export async function unpack(packed) {
  if (!packed) return null;
  const { shape, levels, low, quantum } = packed;
  const bytes = await inflated(packed.data);
  const size = bytes.length / 2;
  const row = size / shape[0];
  const codes = new Uint16Array(size);
  for (let i = 0; i < size; i++) {
    const difference = bytes[i] + 256 * bytes[size + i];
    codes[i] = (difference + (i < row ? 0 : codes[i - row])) % levels;
  }
  return new Quantised(codes, shape, low, quantum);
}
