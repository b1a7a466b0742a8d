import { decodeFloats } from "../numeric/encoding.ts";

/** A trained network: `layers` are the widths from the inputs to the outputs, the rest base64 of 32-bit floats. */
export interface NetworkWeights {
  readonly layers: readonly number[];
  /** What the inputs are centred on and divided by. */
  readonly centers: string;
  readonly spreads: string;
  /** Layer by layer: the weights by input, then the biases. */
  readonly weights: string;
}

/** A scaled input is kept within so many spreads, so that nothing unseen in training is extrapolated far. */
const MOST_SPREADS = 6;

/** A small fully connected network with rectified hidden layers; it holds room for one evaluation at a time. */
export class QuantileNetwork {
  private readonly layers: readonly number[];
  private readonly centers: Float32Array;
  private readonly spreads: Float32Array;
  private readonly weights: Float32Array;
  private readonly values: readonly Float64Array[];

  /** Throws where the arrays do not fit the layers. */
  constructor({ layers, centers, spreads, weights }: NetworkWeights) {
    this.layers = layers;
    this.centers = decodeFloats(centers);
    this.spreads = decodeFloats(spreads);
    this.weights = decodeFloats(weights);
    const needed = layers.slice(1).reduce((sum, width, i) => sum + width * (layers[i]! + 1), 0);
    if (this.weights.length !== needed || this.centers.length !== layers[0]) throw new Error(`expected ${String(needed)} weights for layers ${layers.join("-")}, found ${String(this.weights.length)}`);
    this.values = layers.map((width) => new Float64Array(width));
  }

  /** Adds the outputs for `inputs` to `out`. */
  addOutputs(inputs: Float64Array, out: Float64Array): void {
    const { layers, values, weights } = this;
    const scaled = values[0]!;
    for (let i = 0; i < scaled.length; i++) scaled[i] = Math.max(-MOST_SPREADS, Math.min(MOST_SPREADS, (inputs[i]! - this.centers[i]!) / this.spreads[i]!));
    let at = 0;
    for (let layer = 1; layer < layers.length; layer++) {
      const from = values[layer - 1]!;
      const to = values[layer]!;
      const width = to.length;
      const biases = at + from.length * width;
      for (let j = 0; j < width; j++) to[j] = weights[biases + j]!;
      for (let i = 0; i < from.length; i++, at += width) {
        const value = from[i]!;
        if (value !== 0) for (let j = 0; j < width; j++) to[j] = to[j]! + value * weights[at + j]!;
      }
      at = biases + width;
      if (layer < layers.length - 1) for (let j = 0; j < width; j++) to[j] = Math.max(0, to[j]!);
    }
    const last = values.at(-1)!;
    for (let j = 0; j < last.length; j++) out[j] = out[j]! + last[j]!;
  }
}
