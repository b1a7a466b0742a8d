/** The hours of least intensity of a window, known in full. Imports nothing of what it judges. */
export function clairvoyantSlots(intensity: readonly number[], count: number): readonly number[] {
  return intensity.map((value, slot) => ({ value, slot })).sort((a, b) => a.value - b.value).slice(0, count).map(({ slot }) => slot);
}
