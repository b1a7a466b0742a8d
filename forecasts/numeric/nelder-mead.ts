export interface SimplexOptions {
  readonly maxEvaluations: number;
  /** Length of the first simplex's edges. */
  readonly edge: number;
}

/**
 * Minimises `loss` from `start` by the downhill simplex (Nelder and Mead 1965, coefficients 1, 2, 1/2, 1/2). Deterministic.
 * A loss that is not finite counts as very bad. Returns the best point seen.
 */
export function minimizeSimplex(loss: (x: Float64Array) => number, start: readonly number[], options: SimplexOptions): Float64Array {
  const simplex = new Simplex(loss, start, options.edge);
  while (simplex.evaluations < options.maxEvaluations && simplex.spread() > 1e-6) simplex.step();
  return simplex.best();
}

interface Vertex {
  readonly x: Float64Array;
  readonly loss: number;
}

class Simplex {
  evaluations = 0;
  private readonly loss: (x: Float64Array) => number;
  private vertices: Vertex[];

  constructor(loss: (x: Float64Array) => number, start: readonly number[], edge: number) {
    this.loss = loss;
    this.vertices = [this.vertex(Float64Array.from(start))];
    for (let i = 0; i < start.length; i++) {
      const x = Float64Array.from(start);
      x[i] = x[i]! + edge;
      this.vertices.push(this.vertex(x));
    }
    this.sort();
  }

  best(): Float64Array {
    return this.vertices[0]!.x;
  }

  /** Relative distance between the worst and the best loss. */
  spread(): number {
    const best = this.vertices[0]!.loss;
    return Math.abs(this.vertices.at(-1)!.loss - best) / (Math.abs(best) + 1e-12);
  }

  step(): void {
    const last = this.vertices.length - 1;
    const best = this.vertices[0]!;
    const worst = this.vertices[last]!;
    const reflected = this.along(worst.x, 1);
    if (reflected.loss < best.loss) {
      const expanded = this.along(worst.x, 2);
      this.vertices[last] = expanded.loss < reflected.loss ? expanded : reflected;
    } else if (reflected.loss < this.vertices[last - 1]!.loss) {
      this.vertices[last] = reflected;
    } else {
      const contracted = this.along(worst.x, reflected.loss < worst.loss ? 0.5 : -0.5);
      if (contracted.loss < Math.min(reflected.loss, worst.loss)) this.vertices[last] = contracted;
      else this.shrink(best.x);
    }
    this.sort();
  }

  /** The point `factor` away from the centroid of all but the worst vertex, on the side opposite to the worst. */
  private along(worst: Float64Array, factor: number): Vertex {
    const size = worst.length;
    const x = new Float64Array(size);
    for (let j = 0; j < size; j++) {
      let centre = 0;
      for (let i = 0; i < size; i++) centre += this.vertices[i]!.x[j]! / size;
      x[j] = centre + factor * (centre - worst[j]!);
    }
    return this.vertex(x);
  }

  private shrink(best: Float64Array): void {
    this.vertices = this.vertices.map(({ x }, i) => (i === 0 ? this.vertices[0]! : this.vertex(x.map((v, j) => (v + best[j]!) / 2))));
  }

  private vertex(x: Float64Array): Vertex {
    this.evaluations++;
    const loss = this.loss(x);
    return { x, loss: Number.isFinite(loss) ? loss : 1e300 };
  }

  private sort(): void {
    this.vertices.sort((a, b) => a.loss - b.loss);
  }
}
