import type { NetworkWeights } from "../../../forecasts/fleet/quantile-network.ts";
import { encodeFloats } from "../../../forecasts/numeric/encoding.ts";
import type { Lessons } from "./lessons.ts";

export interface TrainingOptions {
  readonly layers: readonly number[];
  readonly levels: readonly number[];
  readonly epochs: number;
}

const RATE = 2e-3;
const BATCH = 512;
const WARM_UP_BATCHES = 50;
const DECAY = 1e-3;
/** Adam's (Kingma and Ba 2015, algorithm 1). */
const FIRST_MOMENT = 0.9;
const SECOND_MOMENT = 0.999;
const EPSILON = 1e-7;
/** Differences below so many errors push nothing: the loss has a kink at 0. */
const DEAD_ZONE = 0.02;

/** A network whose outputs move each quantile path so that the mean pinball loss is least. Same lessons and random numbers, same weights. */
export function trainNetwork(lessons: Lessons, { layers, levels, epochs }: TrainingOptions, random: () => number): NetworkWeights {
  const { centers, spreads } = locate(lessons, layers[0]!);
  const weights = firstWeights(layers, random);
  const first = new Float64Array(weights.length);
  const second = new Float64Array(weights.length);
  const gradients = new Float64Array(weights.length);
  const pass = new Pass(lessons, { layers, levels }, centers, spreads);
  const batches = epochs * Math.floor(lessons.count / BATCH);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = shuffled(lessons.count, random);
    for (let from = 0; from + BATCH <= lessons.count; from += BATCH) {
      gradients.fill(0);
      for (let i = from; i < from + BATCH; i++) pass.add(order[i]!, weights, gradients);
      step++;
      const rate = RATE * Math.min(1, step / WARM_UP_BATCHES) * 0.5 * (1 + Math.cos((Math.PI * step) / batches));
      const firstLeft = 1 - FIRST_MOMENT ** step;
      const secondLeft = 1 - SECOND_MOMENT ** step;
      for (let j = 0; j < weights.length; j++) {
        const gradient = gradients[j]! / BATCH + DECAY * weights[j]!;
        first[j] = FIRST_MOMENT * first[j]! + (1 - FIRST_MOMENT) * gradient;
        second[j] = SECOND_MOMENT * second[j]! + (1 - SECOND_MOMENT) * gradient * gradient;
        weights[j] = weights[j]! - (rate * (first[j]! / firstLeft)) / (Math.sqrt(second[j]! / secondLeft) + EPSILON);
      }
    }
  }
  return { layers, centers: encodeFloats(centers), spreads: encodeFloats(spreads), weights: encodeFloats(Float32Array.from(weights)) };
}

/** One lesson forwards and backwards. */
class Pass {
  private readonly lessons: Lessons;
  private readonly layers: readonly number[];
  private readonly levels: readonly number[];
  private readonly centers: Float32Array;
  private readonly spreads: Float32Array;
  private readonly values: readonly Float64Array[];
  private readonly slopes: readonly Float64Array[];
  private readonly starts: readonly number[];

  constructor(lessons: Lessons, { layers, levels }: Pick<TrainingOptions, "layers" | "levels">, centers: Float32Array, spreads: Float32Array) {
    this.lessons = lessons;
    this.layers = layers;
    this.levels = levels;
    this.centers = centers;
    this.spreads = spreads;
    this.values = layers.map((width) => new Float64Array(width));
    this.slopes = layers.map((width) => new Float64Array(width));
    let at = 0;
    this.starts = layers.slice(1).map((width, i) => {
      const start = at;
      at += width * (layers[i]! + 1);
      return start;
    });
  }

  add(lesson: number, weights: Float64Array, gradients: Float64Array): void {
    this.forwards(lesson, weights);
    const { targets, offsets } = this.lessons;
    const last = this.slopes.at(-1)!;
    const outputs = this.values.at(-1)!;
    for (const [q, level] of this.levels.entries()) {
      const difference = targets[lesson]! - offsets[lesson * this.levels.length + q]! - outputs[q]!;
      last[q] = Math.abs(difference) < DEAD_ZONE ? 0 : difference > 0 ? -level : 1 - level;
    }
    for (let layer = this.layers.length - 1; layer > 0; layer--) this.backwards(layer, weights, gradients);
  }

  private forwards(lesson: number, weights: Float64Array): void {
    const { values, layers } = this;
    const inputs = values[0]!;
    for (let i = 0; i < inputs.length; i++) inputs[i] = (this.lessons.features[lesson * inputs.length + i]! - this.centers[i]!) / this.spreads[i]!;
    for (let layer = 1; layer < layers.length; layer++) {
      const from = values[layer - 1]!;
      const to = values[layer]!;
      const start = this.starts[layer - 1]!;
      const biases = start + from.length * to.length;
      for (let j = 0; j < to.length; j++) to[j] = weights[biases + j]!;
      for (let i = 0; i < from.length; i++) {
        const value = from[i]!;
        if (value === 0) continue;
        const at = start + i * to.length;
        for (let j = 0; j < to.length; j++) to[j] = to[j]! + value * weights[at + j]!;
      }
      if (layer < layers.length - 1) for (let j = 0; j < to.length; j++) to[j] = Math.max(0, to[j]!);
    }
  }

  private backwards(layer: number, weights: Float64Array, gradients: Float64Array): void {
    const from = this.values[layer - 1]!;
    const slopes = this.slopes[layer]!;
    const before = this.slopes[layer - 1]!;
    const start = this.starts[layer - 1]!;
    const width = slopes.length;
    const biases = start + from.length * width;
    for (let j = 0; j < width; j++) gradients[biases + j] = gradients[biases + j]! + slopes[j]!;
    for (let i = 0; i < from.length; i++) {
      const at = start + i * width;
      const value = from[i]!;
      before[i] = 0;
      if (layer > 1 && value === 0) continue;
      let slope = 0;
      for (let j = 0; j < width; j++) {
        gradients[at + j] = gradients[at + j]! + value * slopes[j]!;
        slope += slopes[j]! * weights[at + j]!;
      }
      before[i] = slope;
    }
  }
}

function locate({ features, count }: Lessons, width: number): { centers: Float32Array; spreads: Float32Array } {
  const centers = new Float64Array(width);
  const squares = new Float64Array(width);
  for (let row = 0; row < count; row++) for (let i = 0; i < width; i++) centers[i] = centers[i]! + features[row * width + i]! / count;
  for (let row = 0; row < count; row++) for (let i = 0; i < width; i++) squares[i] = squares[i]! + (features[row * width + i]! - centers[i]!) ** 2 / count;
  return { centers: Float32Array.from(centers), spreads: Float32Array.from(squares, (square) => Math.sqrt(square) + 1e-3) };
}

/** Normal numbers of variance 2 over the inputs (He et al. 2015, eq. 10), the last layer's a twentieth: the paths start uncorrected. */
function firstWeights(layers: readonly number[], random: () => number): Float64Array {
  const weights: number[] = [];
  for (const [i, width] of layers.slice(1).entries()) {
    const inputs = layers[i]!;
    const size = Math.sqrt(2 / inputs) * (i === layers.length - 2 ? 0.05 : 1);
    for (let j = 0; j < inputs * width; j++) weights.push(size * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
    for (let j = 0; j < width; j++) weights.push(0);
  }
  return Float64Array.from(weights);
}

function shuffled(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    const held = order[i]!;
    order[i] = order[other]!;
    order[other] = held;
  }
  return order;
}
