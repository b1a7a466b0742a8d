const SMALLEST_PIVOT = 1e-12;

/**
 * Solves A·x = b for a symmetric positive definite A (row-major, `size` × `size`), in place: A becomes its Cholesky factor
 * and b the solution. A pivot at or under 1e-12 is raised to it, so that a singular A gives a finite answer.
 */
export function solveCholesky(a: Float64Array, b: Float64Array, size: number): Float64Array {
  factorize(a, size);
  for (let i = 0; i < size; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= a[i * size + k]! * b[k]!;
    b[i] = sum / a[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < size; k++) sum -= a[k * size + i]! * b[k]!;
    b[i] = sum / a[i * size + i]!;
  }
  return b;
}

function factorize(a: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, SMALLEST_PIVOT)) : sum / a[j * size + j]!;
    }
  }
}
